//! What the addresses of all servers have in common; which forms there are is each protocol's matter.

use url::Url;

/// What a person gave, without blanks and quotes around it.
pub(super) fn given(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

/// A URL with http or https. The address 0.0.0.0 is one to listen on; 127.0.0.1 is meant.
///
/// # Errors
/// Why it is none.
pub(super) fn http(full: &str) -> Result<Url, String> {
    let mut url = Url::parse(full).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("the scheme `{}` is neither http nor https", url.scheme()));
    }
    if matches!(url.host_str(), Some("0.0.0.0")) {
        url.set_host(Some("127.0.0.1")).map_err(|error| error.to_string())?;
    }
    Ok(url)
}
