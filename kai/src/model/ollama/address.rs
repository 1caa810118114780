//! Where the Ollama server is: the forms that `OLLAMA_HOST` takes.
//!
//! Text in, URL out; the environment is read by the caller.

use url::Url;

use crate::model::{ModelError, ServerKind, address, shown};

/// Where Ollama listens when nobody says otherwise.
pub const DEFAULT: &str = "http://127.0.0.1:11434";
const PORT: u16 = 11_434;

/// Reads `HOST`, `HOST:PORT`, `:PORT`, `[IPv6]:PORT`, or a URL with an optional path. Without a
/// scheme it is http on port 11434; `http://HOST` is port 80 and `https://HOST` is 443, as Ollama's
/// own client has it. The address 0.0.0.0 is one to listen on; 127.0.0.1 is meant.
///
/// # Errors
/// [`ModelError::Address`] if it is none of these. A name or password in it is not shown.
pub fn parse(text: &str) -> Result<Url, ModelError> {
    let wrong = |reason: String| ModelError::Address { kind: ServerKind::Ollama, text: shown::text(text), reason };
    let given = address::given(text);
    if given.is_empty() {
        return parse(DEFAULT);
    }
    let bare = !given.contains("://");
    let full = if bare {
        // An IPv6 address without brackets has more than one colon.
        let host = if given.matches(':').count() > 1 && !given.starts_with('[') {
            format!("[{given}]")
        } else if given.starts_with(':') {
            format!("127.0.0.1{given}")
        } else {
            given.to_owned()
        };
        format!("http://{host}")
    } else {
        given.to_owned()
    };
    let mut url = address::http(&full).map_err(wrong)?;
    // `Url` hides an explicit `:80`, so a bare address is looked at as text.
    let has_port = full
        .rsplit_once(':')
        .is_some_and(|(before, port)| !before.ends_with("http") && port.trim_end_matches('/').parse::<u16>().is_ok());
    if bare && !has_port {
        url.set_port(Some(PORT)).map_err(|()| wrong("it cannot have a port".to_owned()))?;
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for (text, expected) in [
            ("", "http://127.0.0.1:11434/"),
            ("gpu1", "http://gpu1:11434/"),
            ("gpu1:80", "http://gpu1/"),
            ("10.0.0.7:4000", "http://10.0.0.7:4000/"),
            (":4000", "http://127.0.0.1:4000/"),
            ("0.0.0.0", "http://127.0.0.1:11434/"),
            ("[::1]:5000", "http://[::1]:5000/"),
            ("[::1]", "http://[::1]:11434/"),
            ("::1", "http://[::1]:11434/"),
            ("http://gpu1", "http://gpu1/"),
            ("http://gpu1:11434/", "http://gpu1:11434/"),
            ("https://ai.example/ollama", "https://ai.example/ollama/"),
            (" \"gpu1\" ", "http://gpu1:11434/"),
        ] {
            assert_eq!(parse(text).map(|url| url.to_string()).ok().as_deref(), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for text in ["ftp://gpu1", "gpu1:99999", "a b", "http://"] {
            let error = parse(text).map(|url| url.to_string());
            assert!(matches!(&error, Err(ModelError::Address { text: t, .. }) if t == text), "{text:?}: {error:?}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        for text in ["http://me:hunter2@host:99999", "me:hunter2@host:99999", "hunter2@a b", "ftp://hunter2@host"] {
            let error = parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
        assert!(parse("http://me:hunter2@host").is_ok(), "a proxy may want a login");
    }
}
