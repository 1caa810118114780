//! What somebody may have meant.

/// The most that are offered.
const MOST: usize = 3;

/// The known names that are nearest to one that is not known, the nearest first.
pub(super) fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_ascii_lowercase();
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .map(|name| (distance(&wanted, name), name))
        // Half of it another word is another word.
        .filter(|(distance, name)| *distance * 2 <= wanted.len().max(name.len()))
        .collect();
    // Of those that are as near, the later one: of systems that is the newer one.
    found.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| y.cmp(x)));
    found.dedup();
    found.into_iter().take(MOST).map(|(_, name)| name).collect()
}

/// How many characters have to be put in, taken out or changed (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, x) in a.chars().enumerate() {
        let mut before = at;
        let mut left = at + 1;
        for (column, y) in b.iter().enumerate() {
            let above = row.get(column + 1).copied().unwrap_or(0);
            let here = (before + usize::from(x != *y)).min(above + 1).min(left + 1);
            if let Some(cell) = row.get_mut(column) {
                *cell = left;
            }
            (before, left) = (above, here);
        }
        if let Some(cell) = row.last_mut() {
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, wanted) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("kitten", "sitting", 3),
            ("debian12", "debian11", 1),
        ] {
            assert_eq!(distance(a, b), wanted, "{a} {b}");
            assert_eq!(distance(b, a), wanted, "{b} {a}");
        }
    }
}
