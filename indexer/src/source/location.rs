//! What a person may name on the command line: a path, an address, a sitemap.

use std::path::{Path, PathBuf};

use url::Url;

/// A place that holds pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// Every page below a folder.
    Folder(PathBuf),
    /// One file.
    File(PathBuf),
    /// One page at an http or https address.
    Url(Url),
    /// Every page that a sitemap lists.
    Sitemap(Url),
}

/// Why a name is no location.
#[derive(Debug, thiserror::Error)]
pub enum LocationError {
    /// Nothing is there.
    #[error("{path} cannot be opened")]
    Path {
        /// As it was given.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A device, a socket, a pipe.
    #[error("{0} is neither a folder nor a file")]
    Kind(PathBuf),
    /// An address that is not one.
    #[error("{given} is not an address")]
    Address {
        /// As it was given.
        given: String,
        /// What is wrong with it.
        #[source]
        source: url::ParseError,
    },
    /// An address that bears a user's name or password. They are not repeated here.
    #[error(
        "the address of {host} has a name or a password in it, which whoever may search would be shown: \
         addresses are indexed without"
    )]
    Credentials {
        /// Whose address it is.
        host: String,
    },
    /// An address that kai does not fetch.
    #[error("{given}: pages are fetched over http and https, not over {scheme}")]
    Scheme {
        /// As it was given.
        given: String,
        /// The part before the colon.
        scheme: String,
    },
}

impl Location {
    /// Reads what a person gave: something with `://` is an address, everything else a path. An
    /// address that ends in `.xml` or `.xml.gz` is a sitemap.
    ///
    /// # Errors
    /// If the path does not exist, or the address is not http or https.
    pub fn parse(given: &str) -> Result<Self, LocationError> {
        let Some((scheme, _)) = given.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
            return Self::of_path(Path::new(given));
        };
        if scheme.eq_ignore_ascii_case("file") {
            return match Url::parse(given).ok().and_then(|url| url.to_file_path().ok()) {
                Some(path) => Self::of_path(&path),
                None => Err(LocationError::Scheme { given: given.to_owned(), scheme: "file with a host".to_owned() }),
            };
        }
        let url = Url::parse(given).map_err(|source| LocationError::Address { given: given.to_owned(), source })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(LocationError::Scheme { given: given.to_owned(), scheme: url.scheme().to_owned() });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(LocationError::Credentials { host: url.host_str().unwrap_or("web").to_owned() });
        }
        let path = url.path().to_ascii_lowercase();
        let sitemap = path.ends_with(".xml") || path.ends_with(".xml.gz");
        Ok(if sitemap { Self::Sitemap(url) } else { Self::Url(url) })
    }

    fn of_path(path: &Path) -> Result<Self, LocationError> {
        let failed = |source| LocationError::Path { path: path.to_owned(), source };
        let real = path.canonicalize().map_err(failed)?;
        let kind = real.metadata().map_err(failed)?.file_type();
        match (kind.is_dir(), kind.is_file()) {
            (true, _) => Ok(Self::Folder(real)),
            (_, true) => Ok(Self::File(real)),
            (false, false) => Err(LocationError::Kind(path.to_owned())),
        }
    }

    /// A short name for the source: the folder's or file's own, or the host's.
    #[must_use]
    pub fn short_name(&self) -> String {
        match self {
            Self::Folder(path) | Self::File(path) => {
                path.file_name().map_or_else(|| "root".to_owned(), |name| name.to_string_lossy().into_owned())
            }
            Self::Url(url) | Self::Sitemap(url) => url.host_str().unwrap_or("web").to_owned(),
        }
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(path) | Self::File(path) => write!(f, "{}", path.display()),
            Self::Url(url) | Self::Sitemap(url) => write!(f, "{url}"),
        }
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}
