//! Plans that were shown and wait for their yes: a file each, named by the digest, for as long as that may
//! confirm it. They are the only account of what waits, for every face of every program that works on this
//! folder. What they hold is shown and made anew; it is never carried out.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::{Operator, Proposal, ProposeError, Proposed};
use crate::journal::JournalError;
use crate::names::{OperationId, PlanDigest, Stamp};
use crate::plan::{Plan, Reason, Refusal, VALID_SECONDS};
use crate::request::Request;

/// More than this do not wait: the oldest goes.
const MOST: usize = 500;

/// A plan that was shown.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    /// As it was then; contents of files are digests here.
    plan: Plan,
    reverses: Option<String>,
    /// Who had it made.
    by: String,
}

/// A plan that waits for its yes.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// As it was shown.
    pub proposal: Proposal,
    /// Who had it made, or what.
    pub by: String,
}

impl Operator {
    /// Notes that a plan was shown, so that its digest can confirm it later.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn remember(&self, proposal: &Proposal) -> std::io::Result<()> {
        self.remember_for(&super::user(), proposal)
    }

    /// The same for somebody else than who runs this program. Whoever had it made first stays named.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn remember_for(&self, by: &str, proposal: &Proposal) -> std::io::Result<()> {
        let folder = self.shown_folder();
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        tidy(&folder, 1)?;
        let Proposal { plan, digest, reverses } = proposal;
        if self.read_shown(digest).is_some() {
            return Ok(());
        }
        let shown = Shown { plan: plan.clone(), reverses: reverses.clone(), by: by.to_owned() };
        self.keep_document(digest, plan)?;
        let written = self.put(&folder.join(digest), &serde_json::to_vec(&shown)?);
        if written.is_err() {
            self.drop_document(digest);
        }
        written
    }

    /// Removes plans that were shown too long ago, and what waits with them.
    pub fn forget_old(&self) {
        let _ = tidy(&self.shown_folder(), 0);
    }

    /// A plan that was declined: its digest confirms it no more.
    pub fn forget(&self, digest: &str) {
        if self.read_shown(digest).is_some() {
            let _ = std::fs::remove_file(self.shown_folder().join(digest));
            self.drop_document(digest);
        }
    }

    /// A document that a plan needs waits with it, in a file of its own that only this user reads.
    fn keep_document(&self, digest: &str, plan: &Plan) -> std::io::Result<()> {
        let Some(document) = plan.request.user_data().filter(|document| !document.is_stand_in()) else {
            return Ok(());
        };
        self.put(&self.document(digest), document.as_str().as_bytes())
    }

    /// Writes a file beside its place first: whoever reads finds all of it or nothing.
    fn put(&self, place: &Path, bytes: &[u8]) -> std::io::Result<()> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let draft = self.folder.join(format!("shown.{}.{number}", std::process::id()));
        let written = write(&draft, bytes).and_then(|()| std::fs::rename(&draft, place));
        if written.is_err() {
            let _ = std::fs::remove_file(&draft);
        }
        written
    }

    /// The request of a plan that waits, with its document.
    fn whole(&self, digest: &str, request: Request) -> Request {
        let document = std::fs::read_to_string(self.document(digest)).ok();
        request.with_user_data(document.and_then(|text| text.parse().ok()))
    }

    /// Once its plan is carried out or declined, a document waits no more.
    pub(super) fn drop_document(&self, digest: &str) {
        let _ = std::fs::remove_file(self.document(digest));
    }

    fn document(&self, digest: &str) -> PathBuf {
        self.shown_folder().join(format!("{digest}.user-data"))
    }

    /// When the plan of that digest was shown, if that is not too long ago. A plan that is made again
    /// for the same moment has the same digest.
    #[must_use]
    pub fn shown(&self, digest: &str) -> Option<Stamp> {
        self.read_shown(digest).map(|shown| shown.plan.made)
    }

    /// The plans that may be confirmed now, whichever program showed them, the newest first.
    ///
    /// # Errors
    /// If the journal, which says what was carried out, cannot be read.
    pub fn waiting(&self) -> Result<Vec<Waiting>, JournalError> {
        self.forget_old();
        let mut waiting: Vec<Waiting> = self.all_shown().collect();
        if waiting.is_empty() {
            return Ok(waiting);
        }
        let history = self.history()?;
        let begun: BTreeSet<&str> = history.iter().map(|operation| operation.id.as_str()).collect();
        waiting.retain(|waiting| !begun.contains(waiting.proposal.plan.id.as_str()));
        let age = |waiting: &Waiting| (waiting.proposal.plan.made, waiting.proposal.plan.id.clone());
        waiting.sort_by_key(|waiting| std::cmp::Reverse(age(waiting)));
        Ok(waiting)
    }

    /// Whether the plan of that id was carried out, or begun.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn has_begun(&self, id: &str) -> Result<bool, JournalError> {
        Ok(self.history()?.iter().any(|operation| operation.id == id))
    }

    /// Makes a plan that was shown before again, from its digest. Where the host has changed since, the
    /// new plan has another digest, which confirming refuses.
    ///
    /// # Errors
    /// If no such plan was shown in the last minutes, there is none any more, or it was carried out.
    pub fn recall(&self, digest: &str) -> Result<Proposal, ProposeError> {
        self.forget_old();
        let Some(Shown { plan, reverses, .. }) = self.read_shown(digest) else {
            if let Some(done) = self.history()?.iter().find(|operation| operation.digest == digest) {
                return Err(JournalError::CarriedOut { op: done.id.clone() }.into());
            }
            return Err(Refusal::new(Reason::Unknown, "no plan with that digest was shown in the last 15 minutes")
                .hint("plan it again with --dry-run")
                .into());
        };
        if self.has_begun(&plan.id)? {
            return Err(JournalError::CarriedOut { op: plan.id }.into());
        }
        if let Some(id) = &reverses {
            let id = id.parse::<OperationId>();
            let id = id.map_err(|error| Refusal::new(Reason::Invalid, error.to_string()))?;
            return self.undo(&self.operation(&id)?, plan.made);
        }
        match self.propose(&self.whole(digest, plan.request), plan.made)? {
            Proposed::Plan(proposal) => Ok(*proposal),
            Proposed::Found(_) => {
                Err(Refusal::new(Reason::Nothing, "this only reads; there is nothing to apply").into())
            }
        }
    }

    /// The digest of the plan of that id that may be confirmed now.
    ///
    /// # Errors
    /// If there is none, or it was carried out.
    pub fn digest_of(&self, id: &str) -> Result<String, ProposeError> {
        if let Some(shown) = self.all_shown().find(|shown| shown.proposal.plan.id == id) {
            return Ok(shown.proposal.digest);
        }
        if self.has_begun(id)? {
            return Err(JournalError::CarriedOut { op: id.to_owned() }.into());
        }
        Err(Refusal::new(Reason::Unknown, format!("no plan {id} was shown in the last 15 minutes"))
            .hint("have it made again")
            .into())
    }

    /// What was shown and has not expired.
    fn all_shown(&self) -> impl Iterator<Item = Waiting> {
        let now = Stamp::now();
        let names = std::fs::read_dir(self.shown_folder()).into_iter().flatten().flatten();
        let digests = names.filter_map(|entry| entry.file_name().into_string().ok());
        digests.filter_map(move |digest| {
            let Shown { plan, reverses, by } = self.read_shown(&digest)?;
            (plan.expires() >= now).then_some(Waiting { proposal: Proposal { plan, digest, reverses }, by })
        })
    }

    fn read_shown(&self, digest: &str) -> Option<Shown> {
        let digest = digest.parse::<PlanDigest>().ok()?;
        let text = std::fs::read(self.shown_folder().join(digest.as_str())).ok()?;
        serde_json::from_slice(&text).ok()
    }

    fn shown_folder(&self) -> PathBuf {
        self.folder.join("shown")
    }
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(bytes)
}

/// Removes what was written too long ago to be confirmed, and the oldest if there are too many with so many
/// more.
fn tidy(folder: &Path, more: usize) -> std::io::Result<()> {
    let written = |path: PathBuf| Some((path.metadata().ok()?.modified().ok()?, path));
    let mut all: Vec<(SystemTime, PathBuf)> =
        std::fs::read_dir(folder)?.flatten().filter_map(|entry| written(entry.path())).collect();
    all.sort_unstable();
    let too_many = (all.len() + more).saturating_sub(MOST);
    let is_over =
        |written: &SystemTime| written.elapsed().is_ok_and(|elapsed| elapsed > Duration::from_secs(VALID_SECONDS));
    for (at, (written, path)) in all.iter().enumerate() {
        if at < too_many || is_over(written) {
            // Somebody else may tidy up at the same moment.
            let _ = std::fs::remove_file(path);
        }
    }
    Ok(())
}
