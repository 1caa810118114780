//! Lists, reads, cuts and publishes: after this, everything is found by words.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures::StreamExt;
use rayon::prelude::*;
use serde::Serialize;

use super::pages::{self, Cut};
use super::{Cancel, Event, Observer, Options, PUBLISH_EVERY, RunError, Target};
use crate::problem::Problem;
use crate::source::{self, Candidate, Loaded, Web};
use crate::store::{PageRow, SourceEntry, Writer};

/// How many pages are in memory at once.
const BATCH: usize = 256;

/// How many pages are fetched at once.
const FETCHES: usize = 8;

/// What a run did to the pages.
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub struct WordsReport {
    /// Pages of this run's sources that were not there before.
    pub added: usize,
    /// Pages that were there, and had changed.
    pub changed: usize,
    /// Pages that were as before.
    pub unchanged: usize,
    /// Pages that are gone.
    pub removed: usize,
    /// Pages that only name another (`.so` in man pages).
    pub aliases: usize,
    /// Files that are no pages.
    pub other_files: usize,
    /// Pages in the index now, of all sources.
    pub pages: u64,
    /// Passages in the index now.
    pub passages: u64,
    /// What was left out, and why.
    pub problems: Vec<Problem>,
    /// From the start to the publication.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub took: Duration,
}

fn seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

/// Brings the index up to date with its sources and publishes it.
///
/// # Errors
/// If the store cannot be written, or it was asked to stop; pages that cannot be read are in the
/// report.
pub async fn words(
    writer: &mut Writer,
    targets: &[Target],
    options: Options,
    cancel: &Cancel,
    observer: Observer<'_>,
) -> Result<WordsReport, RunError> {
    let start = Instant::now();
    let web = Web::new().map_err(RunError::Web)?;
    let mut run = Run { known: HashMap::new(), report: WordsReport::default(), options, observer, dirty: false };
    for page in writer.pages().await? {
        run.known.insert((page.source.clone(), page.name.clone()), page);
    }
    let mut work = Vec::new();
    for target in targets {
        observer(Event::Listing { source: target.name.clone() });
        let listing = source::list(&target.location, &web).await;
        listing.problems.into_iter().for_each(|problem| run.problem(problem));
        run.report.other_files += listing.other_files;
        if listing.complete {
            run.drop_vanished(writer, target, &listing.candidates).await?;
        }
        work.extend(listing.candidates.into_iter().map(|candidate| (target, candidate)));
    }
    observer(Event::Listed { pages: work.len() });

    let mut published = Instant::now();
    for batch in work.chunks(BATCH) {
        if cancel.is_requested() {
            return Err(RunError::Cancelled);
        }
        run.batch(writer, &web, batch).await?;
        if run.dirty && published.elapsed() > PUBLISH_EVERY {
            run.publish(writer, targets).await?;
            published = Instant::now();
        }
    }
    if cancel.is_requested() {
        return Err(RunError::Cancelled);
    }
    run.publish(writer, targets).await?;
    run.report.pages = writer.manifest().pages;
    run.report.passages = writer.manifest().passages;
    run.report.took = start.elapsed();
    writer.prune().await?;
    Ok(run.report)
}

struct Run<'a> {
    /// What the index has, by source and name.
    known: HashMap<(String, String), PageRow>,
    report: WordsReport,
    options: Options,
    observer: Observer<'a>,
    /// Whether anything was written since the last publication.
    dirty: bool,
}

/// A page on its way into the index.
struct Fresh<'a> {
    target: &'a Target,
    candidate: &'a Candidate,
    format_name: String,
    bytes: Vec<u8>,
    stamp: String,
    hash: String,
}

impl Run<'_> {
    fn problem(&mut self, problem: Problem) {
        (self.observer)(Event::Problem(problem.clone()));
        self.report.problems.push(problem);
    }

    fn known(&self, target: &Target, candidate: &Candidate) -> Option<&PageRow> {
        self.known.get(&(target.name.clone(), candidate.name.clone()))
    }

    /// Removes the pages that the source no longer offers.
    async fn drop_vanished(&mut self, writer: &Writer, target: &Target, now: &[Candidate]) -> Result<(), RunError> {
        let names: std::collections::HashSet<&str> = now.iter().map(|candidate| candidate.name.as_str()).collect();
        let gone: Vec<(String, String)> = self
            .known
            .keys()
            .filter(|(source, name)| *source == target.name && !names.contains(name.as_str()))
            .cloned()
            .collect();
        self.remove(writer, gone).await
    }

    async fn remove(&mut self, writer: &Writer, gone: Vec<(String, String)>) -> Result<(), RunError> {
        let ids: Vec<u32> = gone.iter().filter_map(|key| self.known.remove(key)).map(|page| page.id).collect();
        if !ids.is_empty() {
            writer.remove(&ids, true).await?;
            self.report.removed += ids.len();
            self.dirty = true;
        }
        Ok(())
    }

    async fn batch(&mut self, writer: &mut Writer, web: &Web, batch: &[(&Target, Candidate)]) -> Result<(), RunError> {
        let fresh = self.load(writer, web, batch).await?;
        let limit = self.options.page_bytes;
        let observer = self.observer;
        let cut: Vec<Result<Option<Cut>, Problem>> = tokio::task::block_in_place(|| {
            let cut = |page: &Fresh<'_>| {
                let cut = pages::cut(&page.candidate.url, &page.format_name, &page.bytes, limit);
                observer(Event::Page);
                cut
            };
            fresh.par_iter().map(cut).collect()
        });
        let (mut replaced, mut page_rows, mut passage_rows) = (Vec::new(), Vec::new(), Vec::new());
        let mut gone = Vec::new();
        for (page, cut) in fresh.iter().zip(cut) {
            let key = (page.target.name.clone(), page.candidate.name.clone());
            let cut = match cut {
                Ok(Some(cut)) => cut,
                // What the page said before is no longer written there.
                Ok(None) => {
                    self.report.aliases += 1;
                    gone.push(key);
                    continue;
                }
                Err(problem) => {
                    self.problem(problem);
                    gone.push(key);
                    continue;
                }
            };
            match self.known.get(&key) {
                Some(known) => {
                    replaced.push(known.id);
                    self.report.changed += 1;
                }
                None => self.report.added += 1,
            }
            let count = u32::try_from(cut.passages.len()).unwrap_or(u32::MAX);
            let ids = writer.next_ids(count);
            let row = PageRow {
                id: ids.0,
                source: key.0.clone(),
                name: key.1.clone(),
                title: cut.title.clone(),
                url: page.candidate.url.clone(),
                stamp: page.stamp.clone(),
                hash: page.hash.clone(),
                passages: count,
            };
            passage_rows.extend(pages::rows(cut, ids, &key.0, &key.1, &page.candidate.url));
            self.known.insert(key, row.clone());
            page_rows.push(row);
        }
        self.remove(writer, gone).await?;
        if !page_rows.is_empty() {
            writer.remove(&replaced, true).await?;
            writer.add(&page_rows, &passage_rows).await?;
            self.dirty = true;
        }
        Ok(())
    }

    /// The pages of a batch that have to be read: new ones, and those whose bytes have changed.
    async fn load<'b>(
        &mut self,
        writer: &Writer,
        web: &Web,
        batch: &'b [(&'b Target, Candidate)],
    ) -> Result<Vec<Fresh<'b>>, RunError> {
        let mut fresh = Vec::new();
        let (mut gone, mut restamped) = (Vec::new(), Vec::new());
        let wanted: Vec<(&Target, &Candidate, Option<String>)> = batch
            .iter()
            .filter_map(|(target, candidate)| {
                let known =
                    self.known(target, candidate).filter(|_| !self.options.reread).map(|page| page.stamp.clone());
                let same = !candidate.stamp.is_empty() && known.as_ref() == Some(&candidate.stamp);
                if same {
                    self.report.unchanged += 1;
                    (self.observer)(Event::Page);
                    return None;
                }
                Some((*target, candidate, known))
            })
            .collect();
        let limit = self.options.page_bytes;
        let mut loads = futures::stream::iter(wanted.into_iter().map(|(target, candidate, known)| async move {
            let loaded = source::load(candidate, known.as_deref(), web, limit).await;
            (target, candidate, loaded)
        }))
        .buffered(FETCHES);
        while let Some((target, candidate, loaded)) = loads.next().await {
            match loaded {
                Loaded::Unchanged => {
                    self.report.unchanged += 1;
                    (self.observer)(Event::Page);
                }
                Loaded::Gone(problem) => {
                    gone.push((target.name.clone(), candidate.name.clone()));
                    self.problem(problem);
                    (self.observer)(Event::Page);
                }
                Loaded::Failed(problem) => {
                    self.problem(problem);
                    (self.observer)(Event::Page);
                }
                Loaded::Bytes { bytes, format_name, stamp } => {
                    let hash = blake3::hash(&bytes).to_hex().to_string();
                    match self.known(target, candidate).filter(|page| page.hash == hash && !self.options.reread) {
                        Some(page) => {
                            restamped.push(PageRow { stamp, ..page.clone() });
                            self.report.unchanged += 1;
                            (self.observer)(Event::Page);
                        }
                        None => fresh.push(Fresh { target, candidate, format_name, bytes, stamp, hash }),
                    }
                }
            }
        }
        drop(loads);
        self.remove(writer, gone).await?;
        if !restamped.is_empty() {
            let ids: Vec<u32> = restamped.iter().map(|page| page.id).collect();
            writer.remove(&ids, false).await?;
            writer.add(&restamped, &[]).await?;
            self.dirty = true;
        }
        Ok(fresh)
    }

    async fn publish(&mut self, writer: &mut Writer, targets: &[Target]) -> Result<(), RunError> {
        (self.observer)(Event::Publishing);
        let sources = self.sources(writer, targets);
        if self.dirty || writer.manifest().words_version == 0 {
            writer.publish(sources).await?;
            self.dirty = false;
        } else {
            writer.publish_sources(sources)?;
        }
        Ok(())
    }

    /// The manifest's sources with this run's in their new state.
    fn sources(&self, writer: &Writer, targets: &[Target]) -> Vec<SourceEntry> {
        let mut counts: HashMap<&str, u64> = HashMap::new();
        for (source, _) in self.known.keys() {
            *counts.entry(source).or_default() += 1;
        }
        let mut sources: Vec<SourceEntry> = writer.manifest().sources.clone();
        for target in targets {
            sources.retain(|entry| entry.name != target.name);
            sources.push(SourceEntry {
                name: target.name.clone(),
                kind: target.kind,
                location: target.location.to_string(),
                pages: counts.get(target.name.as_str()).copied().unwrap_or(0),
                indexed_at: crate::store::now(),
            });
        }
        sources.sort_by(|a, b| a.name.cmp(&b.name));
        sources
    }
}
