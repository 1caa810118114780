//! Whether a request came the way it should: a page of somebody else that a browser shows must not reach
//! the service, neither under a name that was pointed here (DNS rebinding) nor by a form.

use axum::http::{HeaderMap, Uri, header};

use super::super::problem::Problem;
use super::Peer;

/// The names that the service answers to.
#[derive(Debug, Clone, Default)]
pub(in crate::service) struct Door {
    /// Beside those of this machine's loopback: `kai.example.org`, without a port.
    names: Vec<String>,
}

impl Door {
    /// Loopback's names, addresses, and these.
    pub(in crate::service) fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self { names: names.into_iter().map(|name| name.to_ascii_lowercase()).collect() }
    }

    /// Lets a request in, or says why not.
    pub(in crate::service) fn check(&self, peer: Peer, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        // Whoever opened the socket is no browser, unless it looks like one.
        let browser = headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site");
        if peer == Peer::Socket && !browser {
            return Ok(());
        }
        let host = uri.authority().map(ToString::to_string).or_else(|| text(headers, header::HOST));
        let host = host.ok_or_else(|| Problem::bad_request("the request has no Host"))?;
        if !self.knows(&host) {
            return Err(Problem::forbidden("this service does not answer to the name in Host")
                .hint("name it with `kai serve --host-name NAME` if it is this machine's"));
        }
        // A link leads to the page itself, which does nothing by being shown.
        let is = |name: &str, value: &str| headers.get(name).is_some_and(|said| said == value);
        let to_page = matches!(uri.path(), "/" | "/page" | "/page/");
        let is_link = to_page && is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document");
        if is("sec-fetch-site", "cross-site") && !is_link {
            return Err(Problem::forbidden("another site's page may not call this service"));
        }
        match text(headers, header::ORIGIN) {
            None if headers.contains_key(header::ORIGIN) => Err(Problem::bad_request("Origin cannot be read")),
            None => Ok(()),
            Some(origin) => {
                let at = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
                if at.is_some_and(|at| at.eq_ignore_ascii_case(&host)) {
                    Ok(())
                } else {
                    Err(Problem::forbidden("another site's page may not call this service"))
                }
            }
        }
    }

    fn knows(&self, host: &str) -> bool {
        let name = without_port(host).to_ascii_lowercase();
        // An address is no name: nobody can have pointed it here.
        name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok()
            || name == "localhost"
            || self.names.contains(&name)
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// `[::1]:8400` → `[::1]`.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => {
            if name.contains(':') && !name.ends_with(']') { host } else { name }
        }
        Some(_) | None => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn let_in(headers: &[(&'static str, &str)]) -> bool {
        let_in_at("/v1/ask", headers)
    }

    fn let_in_at(path: &'static str, headers: &[(&'static str, &str)]) -> bool {
        let door = Door::new(["Kai.example.org".to_owned()]);
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        door.check(Peer::Loopback, &Uri::from_static(path), &headers).is_ok()
    }

    #[test]
    fn only_names_of_this_machine_open_the_door() {
        let hosts = ["localhost:8400", "127.0.0.1:8400", "127.9.9.9", "[::1]:8400", "LOCALHOST", "kai.example.org"];
        for host in hosts.into_iter().chain(["KAI.example.org:8400", "192.0.2.7:80"]) {
            assert!(let_in(&[("host", host)]), "{host}");
        }
        let others = ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8400", "127.1", ""];
        for host in others.into_iter().chain(["localhost:evil", "xlocalhost", "kai.example.org.evil.example"]) {
            assert!(!let_in(&[("host", host)]), "{host}");
        }
        assert!(!let_in(&[]));
    }

    #[test]
    fn a_page_of_another_site_stays_out() {
        let host = ("host", "localhost:8400");
        assert!(let_in(&[host, ("origin", "http://localhost:8400")]));
        for origin in ["http://evil.example", "null", "http://localhost:9999", "http://localhost", "file://", ""] {
            assert!(!let_in(&[host, ("origin", origin)]), "{origin}");
        }
        assert!(!let_in(&[host, ("sec-fetch-site", "cross-site")]));
        assert!(let_in(&[host, ("sec-fetch-site", "same-origin")]));
        let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        let all = [vec![host], link.to_vec()].concat();
        // The page lies behind a redirect, which a browser follows as what it was.
        for path in ["/", "/page", "/page/"] {
            assert!(let_in_at(path, &all), "{path}");
        }
        assert!(!let_in_at("/v1/ask", &all) && !let_in_at("/page/main.js", &all));
        let framed = [vec![host], link[..2].to_vec(), vec![("sec-fetch-dest", "iframe")]].concat();
        assert!(!let_in_at("/", &framed));
    }
}
