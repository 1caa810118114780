//! The tokens that are valid: one small file that only its owner can read, replaced as a whole by one writer
//! at a time. What `kai token` changes counts for the next request.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kai_tools::names::Stamp;
use serde::{Deserialize, Serialize};

use super::{Scopes, Token, TokenName};

const VERSION: u32 = 1;

/// One token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenInfo {
    /// What it is called.
    pub(crate) name: TokenName,
    /// What its holder may do.
    pub(crate) scopes: Scopes,
    /// When it was made.
    pub(crate) made: Stamp,
    /// When it ends to be valid; never, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<Stamp>,
    /// SHA-256 of the token, in hexadecimal.
    pub(crate) hash: String,
}

impl TokenInfo {
    /// Whether its time is over.
    pub(crate) fn has_expired(&self, now: Stamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    tokens: Vec<TokenInfo>,
}

/// Why tokens cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// The file.
    #[error("the tokens in {} cannot be {action}", path.display())]
    File {
        /// `read`, `written`.
        action: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no list of tokens.
    #[error("{} is no list of tokens: it was left as it is", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// Another kai wrote it.
    #[error("{} is of version {version}, and this kai reads version {VERSION}", path.display())]
    Version {
        /// Which.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// Others could read or change it.
    #[error("{} can be read or changed by others: make it mode 600", path.display())]
    Open {
        /// Which.
        path: PathBuf,
    },
    /// There is one of that name.
    #[error("there is a token {name} already")]
    Taken {
        /// Which.
        name: TokenName,
    },
    /// There is none of that name.
    #[error("there is no token {name}")]
    Unknown {
        /// Which.
        name: TokenName,
    },
    /// The system's randomness.
    #[error("no token can be made without randomness")]
    Random(#[source] std::io::Error),
}

/// When the file was replaced last: what is known of it is true as long as this is.
type Seen = (u64, i64, i64, u64);

/// The tokens of one data folder.
#[derive(Debug)]
pub(crate) struct Tokens {
    path: PathBuf,
    known: Mutex<Option<(Seen, Arc<Vec<TokenInfo>>)>>,
}

impl Tokens {
    /// Those of a data folder. Nothing is created before a token is made.
    pub(crate) fn of(data: &Path) -> Self {
        Self { path: data.join("tokens.json"), known: Mutex::default() }
    }

    /// All of them.
    pub(crate) fn list(&self) -> Result<Arc<Vec<TokenInfo>>, TokenError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let meta = match fs::metadata(&self.path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                *known = None;
                return Ok(Arc::default());
            }
            Err(source) => return Err(self.failed("read", source)),
        };
        if meta.mode() & 0o077 != 0 {
            return Err(TokenError::Open { path: self.path.clone() });
        }
        let seen = (meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.len());
        if let Some((_, tokens)) = known.as_ref().filter(|(before, _)| *before == seen) {
            return Ok(Arc::clone(tokens));
        }
        let text = fs::read(&self.path).map_err(|source| self.failed("read", source))?;
        let file: File =
            serde_json::from_slice(&text).map_err(|source| TokenError::Damaged { path: self.path.clone(), source })?;
        if file.version != VERSION {
            return Err(TokenError::Version { path: self.path.clone(), version: file.version });
        }
        let tokens = Arc::new(file.tokens);
        *known = Some((seen, Arc::clone(&tokens)));
        Ok(tokens)
    }

    /// The token that somebody brought, if it is one and still valid.
    pub(crate) fn find(&self, token: &Token, now: Stamp) -> Result<Option<TokenInfo>, TokenError> {
        self.of_hash(&token.hash(), now)
    }

    /// Makes one.
    pub(crate) fn add(&self, name: TokenName, scopes: Scopes, expires: Option<Stamp>) -> Result<Token, TokenError> {
        let _alone = self.alone()?;
        let mut tokens = (*self.list()?).clone();
        let now = Stamp::now();
        tokens.retain(|known| known.name != name || !known.has_expired(now));
        if tokens.iter().any(|known| known.name == name) {
            return Err(TokenError::Taken { name });
        }
        let token = Token::random().map_err(TokenError::Random)?;
        tokens.push(TokenInfo { name, scopes, made: now, expires, hash: token.hash() });
        self.write(tokens)?;
        Ok(token)
    }

    /// Ends one.
    pub(crate) fn revoke(&self, name: &TokenName) -> Result<(), TokenError> {
        let _alone = self.alone()?;
        let mut tokens = (*self.list()?).clone();
        let before = tokens.len();
        tokens.retain(|known| known.name != *name);
        if tokens.len() == before {
            return Err(TokenError::Unknown { name: name.clone() });
        }
        self.write(tokens)
    }

    /// Whether a token of this hash is valid still.
    pub(crate) fn holds(&self, hash: &str, now: Stamp) -> bool {
        self.of_hash(hash, now).is_ok_and(|found| found.is_some())
    }

    /// Hashes are compared, not secrets: how long that takes tells nothing.
    fn of_hash(&self, hash: &str, now: Stamp) -> Result<Option<TokenInfo>, TokenError> {
        Ok(self.list()?.iter().find(|known| known.hash == hash && !known.has_expired(now)).cloned())
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// Waits until nobody else changes the tokens; others wait as long as this is kept.
    fn alone(&self) -> Result<fs::File, TokenError> {
        let lock = || -> std::io::Result<fs::File> {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(self.folder())?;
            let path = self.path.with_extension("lock");
            let file = fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
            file.lock()?;
            Ok(file)
        };
        lock().map_err(|source| self.failed("written", source))
    }

    fn write(&self, tokens: Vec<TokenInfo>) -> Result<(), TokenError> {
        let folder = self.folder();
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.as_file().set_permissions(fs::Permissions::from_mode(0o600))?;
            file.write_all(&serde_json::to_vec_pretty(&File { version: VERSION, tokens })?)?;
            file.as_file().sync_all()?;
            file.persist(&self.path)?;
            Ok(())
        };
        write().map_err(|source| self.failed("written", source))
    }

    fn failed(&self, action: &'static str, source: std::io::Error) -> TokenError {
        TokenError::File { action, path: self.path.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Scope;
    use super::*;

    fn name(text: &str) -> TokenName {
        text.parse().unwrap()
    }

    #[test]
    fn a_token_is_found_until_it_expires_or_is_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::of(folder.path());
        let now = Stamp::now();
        let later = Stamp::from_seconds(now.seconds() + 60);
        let token = tokens.add(name("laptop"), Scopes::of(&[Scope::Ask]), Some(later)).unwrap();
        assert!(matches!(tokens.add(name("laptop"), Scopes::default(), None), Err(TokenError::Taken { .. })));
        assert_eq!(tokens.find(&token, now).unwrap().unwrap().name, name("laptop"));
        assert_eq!(tokens.find(&token, later).unwrap(), None);
        let text = fs::read_to_string(folder.path().join("tokens.json")).unwrap();
        assert!(!text.contains(&token.reveal()[4..]), "the secret is not in the file");
        // Another process revokes it; this one sees that at once.
        Tokens::of(folder.path()).revoke(&name("laptop")).unwrap();
        assert_eq!(tokens.find(&token, now).unwrap(), None);
        assert!(matches!(tokens.revoke(&name("laptop")), Err(TokenError::Unknown { .. })));
    }

    #[test]
    fn whoever_changes_them_at_the_same_time_undoes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let of_all = || Tokens::of(folder.path());
        for number in 0..8 {
            of_all().add(name(&format!("old{number}")), Scopes::default(), None).unwrap();
        }
        std::thread::scope(|scope| {
            for number in 0..8 {
                let (adds, revokes) = (of_all(), of_all());
                scope.spawn(move || adds.add(name(&format!("new{number}")), Scopes::default(), None).unwrap());
                scope.spawn(move || revokes.revoke(&name(&format!("old{number}"))).unwrap());
            }
        });
        let mut names: Vec<String> = of_all().list().unwrap().iter().map(|known| known.name.to_string()).collect();
        names.sort();
        assert_eq!(names, (0..8).map(|number| format!("new{number}")).collect::<Vec<_>>());
    }

    #[test]
    fn a_file_of_another_version_is_not_guessed_at() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::of(folder.path());
        let path = folder.path().join("tokens.json");
        fs::write(&path, r#"{"version": 2, "tokens": []}"#).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(tokens.list(), Err(TokenError::Version { version: 2, .. })));
    }

    #[test]
    fn a_file_that_others_can_read_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::of(folder.path());
        let token = tokens.add(name("a"), Scopes::default(), None).unwrap();
        fs::set_permissions(folder.path().join("tokens.json"), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(tokens.find(&token, Stamp::now()), Err(TokenError::Open { .. })));
    }

    #[test]
    fn a_damaged_file_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::of(folder.path());
        let path = folder.path().join("tokens.json");
        fs::write(&path, "{").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(tokens.add(name("a"), Scopes::default(), None), Err(TokenError::Damaged { .. })));
        assert_eq!(fs::read_to_string(path).unwrap(), "{");
    }
}
