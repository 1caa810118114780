//! Speed and memory of indexing and searching, against bars.
//!
//! Everything is made in a temporary data directory and removed at the end. Nothing is printed here;
//! what is going on is told to a callback.

pub mod embedding;
pub mod kai;
pub mod process;
pub mod sample;
pub mod searching;
mod text;

use std::path::{Path, PathBuf};
use std::time::Duration;

use ::kai::library::EmbedderChoice;
use serde::Serialize;

pub use text::render;

use self::embedding::Embedding;
use self::kai::Kai;
use self::process::{Cost, ProcessError};
use self::searching::Warm;
use crate::bars::Bar;
use crate::set::Question;
use crate::target::{self, Index, Model, TargetError};

/// Bytes in a GiB.
const GIB: f64 = 1_073_741_824.0;

/// What to measure with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder of pages.
    pub pages: PathBuf,
    /// The binary `kai`.
    pub kai: PathBuf,
    /// The embedding model's folder; without it, words alone are measured.
    pub model: Option<PathBuf>,
    /// Python with onnxruntime, to compare with.
    pub python: Option<PathBuf>,
    /// `onnx_bench.py`.
    pub script: PathBuf,
    /// Texts embedded in a round.
    pub texts: usize,
    /// Rounds of the comparison.
    pub rounds: usize,
    /// Threads that onnxruntime may use.
    pub threads: usize,
    /// Stops indexing with vectors after this long; what is there then is measured.
    pub limit: Option<Duration>,
}

/// Why the benchmark could not finish.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The folder of pages cannot be listed.
    #[error("the pages under {} could not be listed", folder.display())]
    Pages {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// There is nothing to index.
    #[error("there are no files under {}; name a folder of pages", folder.display())]
    Empty {
        /// The folder.
        folder: PathBuf,
    },
    /// Temporary files could not be written.
    #[error("the benchmark could not write its temporary files; is the disk full?")]
    Scratch(#[source] std::io::Error),
    /// A process failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The index or the model failed.
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// What indexing cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Indexing {
    /// Wall time of the process, in seconds.
    pub seconds: f64,
    /// Files per second.
    pub pages_per_second: f64,
    /// Most memory resident, in bytes.
    pub peak_bytes: Option<u64>,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

/// One index: how it was made and how fast it answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// Making it.
    pub indexing: Indexing,
    /// Searching it in this process.
    pub warm: Warm,
    /// Searching it from a new process, median in milliseconds.
    pub cold_ms: Option<f64>,
}

/// The whole benchmark.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Files under the folder of pages.
    pub pages: usize,
    /// Processor threads that this machine offers.
    pub threads: usize,
    /// By words alone.
    pub words: Measured,
    /// With vectors, the question's embedding included; nothing without a model.
    pub vectors: Option<Measured>,
    /// The model's speed; nothing without a model.
    pub embedding: Option<Embedding>,
    /// Figures against bars.
    pub bars: Vec<Bar>,
}

/// Runs everything.
///
/// # Errors
/// If something under test fails. A missing Python is reported instead.
pub async fn run(
    settings: &Settings,
    questions: &[Question],
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Report, BenchError> {
    let pages = count(&settings.pages)?;
    let kai = Kai { program: settings.kai.clone() };
    let folder = tempfile::tempdir().map_err(BenchError::Scratch)?;
    let words_dir = folder.path().join("words");

    progress(&format!("indexing {pages} pages by words"));
    let cost = kai.index(&words_dir, &settings.pages, None, None).await?;
    let by_words = Index::open(&words_dir, &EmbedderChoice::None).await?;
    progress("searching by words");
    let words = Measured {
        indexing: indexing(&cost, pages),
        warm: searching::warm(&by_words, questions, true).await?,
        cold_ms: searching::cold(&kai, &words_dir, questions).await?,
    };

    let (mut vectors, mut embedding) = (None, None);
    if let Some(model_dir) = &settings.model {
        let model = Model::open(model_dir).await?;
        let texts = sample::texts(&by_words, &model, questions, settings.texts).await?;
        embedding = Some(embedding::run(settings, &model, model_dir, &texts, progress).await?);
        let data_dir = folder.path().join("vectors");
        progress(&format!("indexing {pages} pages with vectors"));
        let cost = kai.index(&data_dir, &settings.pages, Some(model_dir), settings.limit).await?;
        let index = Index::open(&data_dir, &target::local(model_dir)).await?;
        progress("searching with vectors");
        vectors = Some(Measured {
            indexing: indexing(&cost, pages),
            warm: searching::warm(&index, questions, false).await?,
            cold_ms: searching::cold(&kai, &data_dir, questions).await?,
        });
    }
    let bars = bars(&words, vectors.as_ref(), embedding.as_ref());
    Ok(Report { pages, threads: settings.threads, words, vectors, embedding, bars })
}

/// What the figures must reach, on two cores without a GPU over the 1,674 pages.
#[must_use]
pub fn bars(words: &Measured, vectors: Option<&Measured>, embedding: Option<&Embedding>) -> Vec<Bar> {
    let peak = vectors
        .map_or(words.indexing.peak_bytes, |vectors| vectors.indexing.peak_bytes.max(words.indexing.peak_bytes))
        .map(|bytes| bytes as f64 / GIB);
    // The slower of the two: a cold search must be quick whatever the index holds.
    let cold = match vectors {
        Some(vectors) => words.cold_ms.zip(vectors.cold_ms).map(|(a, b)| a.max(b)),
        None => words.cold_ms,
    };
    let ratio = embedding.and_then(|embedding| embedding.ratio);
    // Partial vectors still embed the question, so they count; words alone would not.
    let embedded = vectors.map(|vectors| &vectors.warm).filter(|warm| !warm.ranked_by.contains(&"words"));
    vec![
        Bar::below("searchable by words, s", Some(words.indexing.seconds), 30.0),
        Bar::at_least("vectors/s, ratio to onnxruntime", ratio, 0.5),
        Bar::at_least("the same, goal", ratio, 1.0),
        Bar::below("warm search by words, p50 ms", words.warm.p50_ms, 3.0),
        Bar::below("warm search, embedding included, p50 ms", embedded.and_then(|warm| warm.p50_ms), 15.0),
        Bar::below("the same, goal", embedded.and_then(|warm| warm.p50_ms), 9.0),
        Bar::below("cold search, median ms", cold, 200.0),
        Bar::below("memory while indexing, GiB", peak, 1.5),
    ]
}

fn indexing(cost: &Cost, pages: usize) -> Indexing {
    let seconds = cost.took.as_secs_f64();
    Indexing {
        seconds,
        pages_per_second: pages as f64 / seconds.max(1e-9),
        peak_bytes: cost.peak_bytes,
        stopped: cost.stopped,
    }
}

/// Regular files below `folder`; links are not followed.
fn count(folder: &Path) -> Result<usize, BenchError> {
    let mut files = 0;
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        let failed = |source| BenchError::Pages { folder: next.clone(), source };
        for entry in std::fs::read_dir(&next).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                files += 1;
            }
        }
    }
    if files == 0 {
        return Err(BenchError::Empty { folder: folder.to_owned() });
    }
    Ok(files)
}
