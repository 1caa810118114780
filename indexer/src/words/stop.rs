//! Words that say nothing about what a question is after.

/// Whether a lower-case word is left out of the index and of questions.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// Sorted, for the binary search. Words that are also commands, options or values (`all`, `no`,
/// `not`, `on`, `off`, `only`, `show`) stay searchable.
const STOP_WORDS: &[&str] = &[
    "a", "about", "after", "again", "also", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been",
    "before", "being", "but", "by", "can", "could", "did", "do", "does", "doing", "don", "during", "each", "either",
    "else", "ever", "every", "few", "for", "from", "further", "get", "gets", "give", "go", "got", "had", "has", "have",
    "having", "he", "her", "here", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its", "just", "know",
    "let", "like", "ll", "make", "many", "may", "me", "might", "more", "most", "much", "must", "my", "need", "neither",
    "nor", "now", "of", "often", "once", "or", "other", "our", "out", "over", "own", "per", "please", "quite",
    "rather", "re", "really", "s", "same", "she", "should", "since", "so", "some", "still", "such", "t", "tell",
    "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "through", "to", "too",
    "two", "under", "until", "us", "ve", "very", "want", "was", "way", "we", "well", "were", "what", "when", "where",
    "whether", "which", "while", "who", "why", "will", "with", "without", "would", "yet", "you", "your",
];

#[cfg(test)]
mod tests {
    use super::STOP_WORDS;

    #[test]
    fn the_list_is_sorted() {
        assert!(STOP_WORDS.is_sorted());
    }
}
