//! What the tests share: a folder of pages with its index, and an embedder that needs no model.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt;
use futures::future::BoxFuture;
use kai_indexer::embed::{EmbedError, Embedder, EmbedderId};
use kai_indexer::run::{self, Cancel, Options, RunError, Target, VectorsReport, WordsReport};
use kai_indexer::search::{Found, Query, Searcher};
use kai_indexer::source::Location;
use kai_indexer::store::{Reader, SourceKind, Writer};
use tempfile::TempDir;

/// A folder of pages and the index of it, both gone with the value.
pub(crate) struct Site {
    _root: TempDir,
    pub(crate) pages: PathBuf,
    pub(crate) index: PathBuf,
}

impl Site {
    pub(crate) fn new(pages: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        let real = root.path().canonicalize().unwrap();
        let site = Self { pages: real.join("pages"), index: real.join("index"), _root: root };
        std::fs::create_dir(&site.pages).unwrap();
        for (name, text) in pages {
            site.write(name, text);
        }
        site
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.pages.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn remove(&self, name: &str) {
        std::fs::remove_file(self.pages.join(name)).unwrap();
    }

    pub(crate) fn target(&self) -> Target {
        target("docs", self.pages.to_str().unwrap())
    }

    /// Indexes the folder by words.
    pub(crate) async fn run(&self) -> WordsReport {
        self.run_with(Options::default()).await
    }

    pub(crate) async fn run_with(&self, options: Options) -> WordsReport {
        index(&self.index, &[self.target()], options).await
    }

    pub(crate) async fn embed(&self, embedder: &Arc<Bag>, replace: bool) -> Result<VectorsReport, RunError> {
        let mut writer = Writer::open(&self.index).await.unwrap();
        run::vectors(&mut writer, embedder.as_ref(), replace, &Cancel::default(), &|_| {}).await
    }

    pub(crate) async fn searcher(&self, embedder: Option<&Arc<Bag>>) -> Searcher {
        let embedder = embedder.map(|embedder| Arc::clone(embedder) as Arc<dyn Embedder>);
        Searcher::open(&self.index, embedder).await.unwrap()
    }

    /// The names of the pages that a fresh search by words finds, best first.
    pub(crate) async fn finds(&self, question: &str) -> Vec<String> {
        pages_of(&self.searcher(None).await.search(&query(question)).await.unwrap())
    }

    pub(crate) async fn reader(&self) -> Reader {
        Reader::open(&self.index).await.unwrap()
    }
}

pub(crate) fn target(name: &str, location: &str) -> Target {
    let location = Location::parse(location).unwrap();
    let kind = match location {
        Location::Folder(_) => SourceKind::Folder,
        Location::File(_) => SourceKind::File,
        Location::Url(_) => SourceKind::Url,
        Location::Sitemap(_) => SourceKind::Sitemap,
    };
    Target { name: name.to_owned(), kind, location }
}

pub(crate) async fn index(folder: &Path, targets: &[Target], options: Options) -> WordsReport {
    let mut writer = Writer::open(folder).await.unwrap();
    run::words(&mut writer, targets, options, &Cancel::default(), &|_| {}).await.unwrap()
}

pub(crate) fn query(text: &str) -> Query {
    Query { text: text.to_owned(), limit: 10, source: None, words_only: false }
}

pub(crate) fn pages_of(found: &Found) -> Vec<String> {
    let mut pages: Vec<String> = Vec::new();
    for hit in &found.hits {
        if !pages.contains(&hit.page) {
            pages.push(hit.page.clone());
        }
    }
    pages
}

/// Many short pages, one passage each, no two alike.
pub(crate) fn many(count: usize) -> Vec<(String, String)> {
    let page = |n: usize| (format!("p{n:03}.md"), format!("# Page {n}\n\nThe dataset number{n} has a quota.\n"));
    (0..count).map(page).collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, bytes).unwrap();
    packer.finish().unwrap()
}

const DIMENSIONS: usize = 32;

/// Words hashed into a few dimensions. Counts what it embeds, and fails when told to.
#[derive(Debug)]
pub(crate) struct Bag {
    id: EmbedderId,
    embedded: AtomicUsize,
    left: AtomicUsize,
}

impl Bag {
    pub(crate) fn new(name: &str) -> Arc<Self> {
        let id = EmbedderId { name: format!("bag:{name}"), digest: name.to_owned(), dimensions: DIMENSIONS };
        Arc::new(Self { id, embedded: AtomicUsize::new(0), left: AtomicUsize::new(usize::MAX) })
    }

    /// How many texts it has embedded since this was asked before.
    pub(crate) fn take_count(&self) -> usize {
        self.embedded.swap(0, Ordering::SeqCst)
    }

    /// From now on it embeds so many texts more, and then fails.
    pub(crate) fn fail_after(&self, texts: usize) {
        self.left.store(texts, Ordering::SeqCst);
    }

    pub(crate) fn recover(&self) {
        self.fail_after(usize::MAX);
    }

    fn all(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let left = self.left.load(Ordering::SeqCst);
        if texts.len() > left {
            return Err(EmbedError::Server { url: self.id.name.clone(), reason: "told to fail".to_owned() });
        }
        if left != usize::MAX {
            self.left.store(left - texts.len(), Ordering::SeqCst);
        }
        self.embedded.fetch_add(texts.len(), Ordering::SeqCst);
        Ok(texts.iter().map(|text| self.vector(text)).collect())
    }

    fn vector(&self, text: &str) -> Vec<f32> {
        let mut vector = vec![0.0_f32; DIMENSIONS];
        vector[0] = 0.1;
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let hash =
                blake3::keyed_hash(blake3::hash(self.id.digest.as_bytes()).as_bytes(), word.to_lowercase().as_bytes());
            let at = usize::from(hash.as_bytes()[0]) % DIMENSIONS;
            vector[at] += if hash.as_bytes()[1].is_multiple_of(2) { 1.0 } else { -1.0 };
        }
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        vector.into_iter().map(|x| x / length).collect()
    }
}

impl Embedder for Bag {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    fn windows(&self, context: &str, text: &str) -> Vec<String> {
        vec![format!("{context}\n{text}")]
    }

    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, EmbedError>> {
        let vectors = self.all(&texts);
        async move { vectors }.boxed()
    }
}
