//! The question as the scorer sees it: weighted stems, literal tokens, and what kind of thing would
//! answer it.
//!
//! Weights come from the passages at hand. No unit is scored here.

use std::collections::HashMap;

use super::words;

/// What would answer the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something to type: commands, options, settings.
    Action,
    /// What a thing is, or why it behaves as it does.
    Explanation,
}

/// A question, prepared.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    /// Distinct stems with their weight; the weights sum to 1 unless there are none.
    pub(crate) weights: Vec<(String, f32)>,
    /// Neighbouring stems of the question, for phrase matches.
    pub(crate) pairs: Vec<(String, String)>,
    /// Options, identifiers and quoted text, as they were typed, in lower case.
    pub(crate) literals: Vec<String>,
    /// What would answer it.
    pub(crate) kind: Kind,
}

impl Query {
    /// Reads a question. `units` are the stems of every candidate: a word that stands in all of
    /// them tells none of them apart.
    pub(crate) fn new(question: &str, units: &[Vec<String>]) -> Self {
        let stems = words::content(question);
        let mut document_frequency: HashMap<&str, usize> = HashMap::new();
        for unit in units {
            let mut seen: Vec<&str> = unit.iter().map(String::as_str).collect();
            seen.sort_unstable();
            seen.dedup();
            for stem in seen {
                *document_frequency.entry(stem).or_default() += 1;
            }
        }
        let total = count(units.len());
        let mut weights: Vec<(String, f32)> = Vec::new();
        for stem in &stems {
            if weights.iter().any(|(known, _)| known == stem) {
                continue;
            }
            let df = count(document_frequency.get(stem.as_str()).copied().unwrap_or(0));
            // A word that no candidate has cannot choose between them.
            if df > 0.0 {
                weights.push((stem.clone(), (1.0 + (total - df + 0.5) / (df + 0.5)).ln()));
            }
        }
        let sum: f32 = weights.iter().map(|(_, weight)| weight).sum();
        if sum > 0.0 {
            for (_, weight) in &mut weights {
                *weight /= sum;
            }
        }
        let pairs = stems
            .windows(2)
            .filter_map(|pair| match pair {
                [a, b] if a != b => Some((a.clone(), b.clone())),
                [..] => None,
            })
            .collect();
        let mut literals: Vec<String> = words::options(question);
        literals.extend(
            question
                .split_whitespace()
                .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/'))
                .filter(|word| word.contains(['_', '/', '=', '.', ':']) && word.len() > 3)
                .map(str::to_lowercase),
        );
        literals.extend(quoted(question));
        Self { weights, pairs, literals, kind: kind(question) }
    }
}

/// What stands between quotes, if it is more than a word.
fn quoted(question: &str) -> Vec<String> {
    question
        .split(['"', '`', '“', '”'])
        .skip(1)
        .step_by(2)
        .map(|text| text.trim().to_lowercase())
        .filter(|text| text.len() > 3)
        .collect()
}

fn kind(question: &str) -> Kind {
    let lower = question.to_lowercase();
    let explains = ["what is", "what's", "what are", "why", "difference between", "what does", "explain", "meaning of"];
    let asks_for_option =
        ["option", "flag", "command", "switch", "parameter", "setting", "how do", "how to", "how can"];
    if explains.iter().any(|phrase| lower.contains(phrase))
        && !asks_for_option.iter().any(|phrase| lower.contains(phrase))
    {
        Kind::Explanation
    } else {
        // Administrators ask in order to do something; an error message without a question, too.
        Kind::Action
    }
}

/// A count as a float; the counts here are thousands at most, so nothing is lost.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn count(n: usize) -> f32 {
    n as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_words_weigh_more_and_absent_ones_nothing() {
        let units: Vec<Vec<String>> = ["pool scrub", "pool", "pool"].iter().map(|t| words::content(t)).collect();
        let query = Query::new("scrub the pool with a broom", &units);
        let weight = |stem: &str| query.weights.iter().find(|(s, _)| s == stem).map(|(_, w)| *w);
        assert!(weight("scrub") > weight("pool"), "{query:?}");
        assert_eq!(weight("broom"), None);
    }

    #[test]
    fn kinds_of_questions() {
        for (question, expected) in [
            ("what is a checkpoint", Kind::Explanation),
            ("why is the pool still full?", Kind::Explanation),
            ("what is the option for raw streams", Kind::Action),
            ("cannot import 'tank': pool was previously in use", Kind::Action),
        ] {
            assert_eq!(kind(question), expected, "{question}");
        }
    }
}
