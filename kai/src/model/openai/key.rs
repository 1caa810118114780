//! The API key: sent, never shown.

use std::fmt;

use reqwest::header::HeaderValue;

use crate::model::ModelError;

/// So many characters of a key are worth hiding.
const TELLING: usize = 8;

/// An API key that can be sent. It has no `Display`; its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Takes a key as configured; blanks around it are dropped.
    ///
    /// # Errors
    /// [`ModelError::ApiKey`] if it is empty or has characters that cannot be sent.
    pub fn new(text: &str) -> Result<Self, ModelError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ModelError::ApiKey { reason: "it is empty" });
        }
        if !text.chars().all(|c| c.is_ascii_graphic()) {
            return Err(ModelError::ApiKey { reason: "it has characters that cannot be sent" });
        }
        Ok(Self(text.to_owned()))
    }

    /// The value of `Authorization`.
    pub(in crate::model) fn header(&self) -> HeaderValue {
        // Only visible characters are in it, so this does not fail.
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0)).unwrap_or(HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }

    /// A server's words without the key, should it repeat it. A message that was cut may hold its
    /// beginning only; so much of it that it matters is taken out too.
    pub(in crate::model) fn redact(&self, text: &str) -> String {
        let beginning = self.0.get(..TELLING.min(self.0.len())).unwrap_or(&self.0);
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(beginning) {
            let (before, found) = rest.split_at(at);
            out.push_str(before);
            out.push_str("[API key]");
            // The key is ASCII, so what is equal ends between characters.
            let same = found.bytes().zip(self.0.bytes()).take_while(|(a, b)| a == b).count();
            rest = found.get(same..).unwrap_or_default();
        }
        out.push_str(rest);
        out
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([not shown])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sent_and_not_shown() {
        let key = ApiKey::new(" sk-secret\n").unwrap();
        assert_eq!(key.header().to_str().ok(), Some("Bearer sk-secret"));
        assert!(!format!("{key:?} {:?}", key.header()).contains("secret"));
        assert_eq!(key.redact("bad key sk-secret!"), "bad key [API key]!");
        assert_eq!(key.redact("sk-secre` ü sk-secresk-secret"), "[API key]` ü [API key][API key]");
        assert_eq!(key.redact("sk-sec"), "sk-sec");
    }

    #[test]
    fn what_cannot_be_sent_is_refused_without_being_shown() {
        for text in ["", " ", "two words", "a\nb", "schlüssel"] {
            let error = ApiKey::new(text).unwrap_err();
            assert!(matches!(error, ModelError::ApiKey { .. }));
            assert!(text.trim().is_empty() || !format!("{error} {error:?}").contains(text.trim()));
        }
    }
}
