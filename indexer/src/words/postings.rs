//! Where a term stands, packed: for each passage the counts per field.
//!
//! A posting is a varint of `gap << 1 | more`, a varint of the body count, and, where `more` is set,
//! one byte each for title, headings and name. The gap is to the posting before.

use super::lexicon::FIELDS;

/// How often a term stands in each field of one passage.
pub(super) type Counts = [u8; FIELDS];

/// Appends one posting; `gap` is the distance to the ordinal before (the ordinal itself, plus one,
/// for the first).
pub(super) fn encode(out: &mut Vec<u8>, gap: u32, counts: Counts) {
    let more = counts[1..].iter().any(|&count| count > 0);
    varint(out, u64::from(gap) << 1 | u64::from(more));
    varint(out, u64::from(counts[0]));
    if more {
        out.extend_from_slice(&counts[1..]);
    }
}

/// Calls `sink` with each ordinal and its counts. False if the bytes are not a postings list.
pub(super) fn decode(mut bytes: &[u8], mut sink: impl FnMut(u32, Counts)) -> bool {
    let mut next = 0_u64;
    while !bytes.is_empty() {
        let Some(head) = read_varint(&mut bytes) else { return false };
        let Some(body) = read_varint(&mut bytes).and_then(|body| u8::try_from(body).ok()) else { return false };
        let mut counts = [body, 0, 0, 0];
        if head & 1 == 1 {
            let Some((fields, rest)) = bytes.split_at_checked(FIELDS - 1) else { return false };
            counts[1..].copy_from_slice(fields);
            bytes = rest;
        }
        next += head >> 1;
        let Some(ordinal) = next.checked_sub(1).and_then(|ordinal| u32::try_from(ordinal).ok()) else { return false };
        sink(ordinal, counts);
    }
    true
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Nearly all numbers are one byte.
#[inline]
fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    match bytes.split_first() {
        Some((&byte, rest)) if byte < 0x80 => {
            *bytes = rest;
            Some(u64::from(byte))
        }
        Some(_) | None => read_long_varint(bytes),
    }
}

fn read_long_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..35).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(list in prop::collection::vec((1_u32..100_000, any::<Counts>()), 0..50)) {
            let mut bytes = Vec::new();
            let mut expected = Vec::new();
            let mut ordinal = 0;
            for (gap, counts) in list {
                encode(&mut bytes, gap, counts);
                ordinal += gap;
                expected.push((ordinal - 1, counts));
            }
            let mut seen = Vec::new();
            prop_assert!(decode(&bytes, |ordinal, counts| seen.push((ordinal, counts))));
            prop_assert_eq!(seen, expected);
        }

        #[test]
        fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            decode(&bytes, |_, _| ());
        }
    }
}
