//! Addresses as they may be shown: without what stands before the `@`.
//!
//! A name there can be a token as well as a password, so neither is shown.

use url::Url;

const HIDDEN: &str = "[not shown]";

/// An address as configured, perhaps of no valid form.
pub(super) fn text(given: &str) -> String {
    // A password may hold a slash or an `@` that should have been written otherwise: what is before
    // the last one is hidden.
    let Some((before, host)) = given.rsplit_once('@') else { return given.to_owned() };
    let is_scheme = |text: &str| !text.is_empty() && text.len() <= 8 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    match before.split_once("://") {
        Some((scheme, _)) if is_scheme(scheme.trim_start_matches(['"', '\'', ' '])) => {
            format!("{scheme}://{HIDDEN}@{host}")
        }
        Some(_) | None => format!("{HIDDEN}@{host}"),
    }
}

/// A valid address.
pub(super) fn url(url: &Url) -> String {
    let mut shown = url.clone();
    // Neither fails for an address that has a host; without a host there is nothing to hide.
    let _password = shown.set_password(None);
    let _name = shown.set_username("");
    shown.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_before_the_at_sign_is_hidden() {
        for (given, expected) in [
            ("gpu1:99999", "gpu1:99999"),
            ("http://me:hunter2@host:99999", "http://[not shown]@host:99999"),
            ("me:hunter2@host:99999", "[not shown]@host:99999"),
            ("hunter2@host", "[not shown]@host"),
            ("https://me:hun/ter2@x@host/v1", "https://[not shown]@host/v1"),
            ("hunter2://x@host", "hunter2://[not shown]@host"),
            ("me:hunter2://x@host", "[not shown]@host"),
        ] {
            assert_eq!(text(given), expected, "{given}");
        }
        for given in ["http://hunter2@host/v1/", "http://:hunter2@host/v1/", "http://me:hunter2@host/v1/"] {
            assert_eq!(url(&Url::parse(given).unwrap()), "http://host/v1/");
        }
    }
}
