//! What of a page's path a person would know the page by.

/// The last part of a path or address, without packing, format and manual section: `zfs-send` of
/// `man8/zfs-send.8.gz`, `formatdomain` of `html/formatdomain.html`.
#[must_use]
pub fn page_name(page: &str) -> &str {
    let last = page.trim_end_matches('/').rsplit('/').next().unwrap_or(page);
    let mut name = last.strip_suffix(".gz").unwrap_or(last);
    for suffix in [".html", ".htm", ".xhtml", ".md", ".markdown", ".rst", ".txt"] {
        name = name.strip_suffix(suffix).unwrap_or(name);
    }
    match name.rsplit_once('.') {
        Some((stem, section)) if !stem.is_empty() && is_section(section) => stem,
        Some(_) | None => name,
    }
}

/// `8`, `1ssl`, `4freebsd`, `n`.
fn is_section(text: &str) -> bool {
    let mut chars = text.chars();
    match chars.next() {
        Some('1'..='9') => chars.all(|c| c.is_ascii_lowercase()),
        Some('n' | 'l') => chars.next().is_none(),
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::page_name;

    #[test]
    fn a_page_is_known_by_its_last_part() {
        let cases = [
            ("zfsutils-linux/usr/share/man/man8/zfs-send.8.gz", "zfs-send"),
            ("man4/pf.4freebsd.gz", "pf"),
            ("man5/systemd.service.5", "systemd.service"),
            ("html/formatdomain.html", "formatdomain"),
            ("https://example.org/guide/", "guide"),
            ("README.Debian", "README.Debian"),
            ("NEWS.md.gz", "NEWS"),
        ];
        for (page, name) in cases {
            assert_eq!(page_name(page), name);
        }
    }

    proptest! {
        #[test]
        fn any_path_has_a_name_in_it(page in ".*") {
            prop_assert!(page.contains(page_name(&page)));
        }
    }
}
