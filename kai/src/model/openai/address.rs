//! Where an OpenAI-compatible server is: its base URL.
//!
//! Text in, URL out; the environment is read by the caller.

use url::Url;

use crate::model::{ModelError, ServerKind, address, shown};

/// What follows the base in addresses that people copy.
const ENDPOINTS: [&str; 3] = ["/chat/completions", "/completions", "/models"];

/// Reads a base URL, such as `http://127.0.0.1:8080/v1`, or `HOST:PORT`, which is http. Without a
/// path, `/v1` is meant. The address 0.0.0.0 is one to listen on; 127.0.0.1 is meant. The result ends
/// in a slash.
///
/// # Errors
/// [`ModelError::Address`] if it is none of these, or has a password in it.
pub fn parse(text: &str) -> Result<Url, ModelError> {
    let given = address::given(text);
    let wrong = |reason: String| ModelError::Address { kind: ServerKind::OpenAi, text: shown::text(text), reason };
    if given.is_empty() {
        return Err(wrong("it is empty".to_owned()));
    }
    let full = if given.contains("://") { given.to_owned() } else { format!("http://{given}") };
    let mut url = address::http(&full).map_err(wrong)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it has a name or a password in it; a key is configured apart".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("a base URL has no `?` and no `#`".to_owned()));
    }
    let path = url.path().trim_end_matches('/');
    let base = ENDPOINTS.iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
    let path = if base.is_empty() { "/v1/".to_owned() } else { format!("{base}/") };
    url.set_path(&path);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for (text, expected) in [
            ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1/"),
            ("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1/"),
            ("http://gpu1:8000", "http://gpu1:8000/v1/"),
            ("gpu1:8000", "http://gpu1:8000/v1/"),
            ("gpu1", "http://gpu1/v1/"),
            ("localhost:1234/v1", "http://localhost:1234/v1/"),
            ("0.0.0.0:8080", "http://127.0.0.1:8080/v1/"),
            ("[::1]:8080", "http://[::1]:8080/v1/"),
            ("https://ai.example/api/v3", "https://ai.example/api/v3/"),
            ("https://ai.example/v1/chat/completions", "https://ai.example/v1/"),
            ("https://ai.example/v1/models/", "https://ai.example/v1/"),
            (" \"http://gpu1:8000/v1\" ", "http://gpu1:8000/v1/"),
        ] {
            assert_eq!(parse(text).map(|url| url.to_string()).ok().as_deref(), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for text in [
            "",
            "ftp://gpu1",
            "file:///etc/passwd",
            "gpu1:99999",
            "a b",
            "http://",
            "http://gpu1/v1?a=b",
            "http://gpu1/#x",
        ] {
            let error = parse(text).map(|url| url.to_string());
            assert!(matches!(&error, Err(ModelError::Address { text: t, .. }) if t == text), "{text:?}: {error:?}");
        }
    }

    #[test]
    fn a_password_is_refused_and_not_shown() {
        for text in ["http://me:hunter2@gpu1/v1", "hunter2@gpu1", "http://me:hunter2@gpu1:99999", "hunter2@a b"] {
            let error = parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }
}
