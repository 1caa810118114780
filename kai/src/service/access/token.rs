//! A token as its holder has it, and what is kept of it: its hash.

use std::fmt;
use std::str::FromStr;

use kai_tools::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::number::random;

const PREFIX: &str = "kai_";
/// 256 bits: nobody guesses it, and a plain hash of it is as good as a slow one.
const BYTES: usize = 32;

/// A secret. It is shown once, when it is made, and never written down by kai.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub(crate) fn random() -> std::io::Result<Self> {
        Ok(Self(format!("{PREFIX}{}", random::<BYTES>()?)))
    }

    /// What is kept.
    pub(super) fn hash(&self) -> String {
        hex(&Sha256::digest(&self.0))
    }

    /// For whoever asked for it, once.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Token {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix(PREFIX).ok_or("a token begins with kai_")?;
        let whole = digits.len() == BYTES * 2 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if whole { Ok(Self(text.to_owned())) } else { Err("a token is kai_ and 64 hexadecimal digits") }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What a token is called: in lists, in logs, and in the journal as who approved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct TokenName(String);

impl FromStr for TokenName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let first = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        let rest = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if first && rest && text.len() <= 40 {
            Ok(Self(text.to_owned()))
        } else {
            Err("a token's name has up to 40 letters, digits, - _ and ., and begins with a letter or a digit")
        }
    }
}

impl TryFrom<String> for TokenName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TokenName> for String {
    fn from(name: TokenName) -> Self {
        name.0
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_token_is_random_and_its_hash_does_not_show_it() {
        let (one, two) = (Token::random().unwrap(), Token::random().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.reveal().parse::<Token>().as_ref(), Ok(&one));
        assert!(!one.hash().contains(&one.reveal()[4..]));
        assert_eq!(format!("{one:?}"), "Token(…)");
    }

    proptest! {
        #[test]
        fn only_whole_tokens_are_read(text in "\\PC{0,80}") {
            prop_assume!(!text.starts_with(PREFIX));
            prop_assert!(text.parse::<Token>().is_err());
        }

        #[test]
        fn a_name_cannot_break_out_of_a_line(text in "\\PC{0,50}") {
            if let Ok(name) = text.parse::<TokenName>() {
                prop_assert!(name.0.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'/' | b',')));
            }
        }
    }
}
