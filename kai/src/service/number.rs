//! Numbers that nobody guesses: of conversations, replies and requests.

/// So many random bytes, in hexadecimal.
///
/// # Errors
/// If the system has no randomness.
pub(super) fn random<const BYTES: usize>() -> std::io::Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(kai_tools::hex(&bytes))
}
