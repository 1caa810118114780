//! What is wrong with something that was sent, in words that do not come from the program's own types.

/// What a reader of JSON or of a query says, for whoever sent it.
pub(super) fn in_words(message: &str) -> String {
    for (said, meant) in [
        ("invalid digit found in string", "expected a whole number"),
        ("cannot parse integer from empty string", "expected a whole number, got nothing"),
        ("number too large to fit in target type", "the number is too large"),
        ("data did not match any variant of untagged enum", "a value has none of the forms that it may have"),
    ] {
        if let Some((before, after)) = message.split_once(said) {
            let (_, place) = parted(after);
            return format!("{before}{meant}{place}");
        }
    }
    let (said, place) = parted(message);
    let said = said.replacen("unknown variant", "unknown value", 1);
    // What was sent stands before it, and may say anything.
    let Some((got, expected)) = said.rsplit_once(", expected ") else { return format!("{said}{place}") };
    let got = ["invalid type: ", "invalid value: ", "invalid length "].iter().find_map(|head| got.strip_prefix(head));
    match got {
        Some(got) => format!("expected {}, got {}{place}", kind(expected), sent(got)),
        None => format!("{said}{place}"),
    }
}

/// A message, and where in the text that was.
fn parted(message: &str) -> (&str, &str) {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_place = |at: &usize| {
        let place = message.get(at + " at line ".len()..).and_then(|place| place.split_once(" column "));
        place.is_some_and(|(line, column)| is_number(line) && is_number(column))
    };
    message.split_at(message.rfind(" at line ").filter(is_place).unwrap_or(message.len()))
}

/// What should have been there.
fn kind(expected: &str) -> String {
    let words = match expected {
        "usize" | "u64" | "u128" => "a whole number, not below 0",
        "isize" | "i8" | "i16" | "i32" | "i64" | "i128" => "a whole number",
        "f32" | "f64" | "a JSON number" => "a number",
        "a string" | "string" | "a borrowed string" | "variant identifier" | "field identifier" => "text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" | "map" => "an object",
        "string or map" => "text or an object",
        "u8" => return up_to(u8::MAX),
        "u16" => return up_to(u16::MAX),
        "u32" => return up_to(u32::MAX),
        other => {
            let is = |head: &str| other.starts_with(head);
            if is("struct ") || is("internally tagged enum") || is("adjacently tagged enum") {
                "an object"
            } else if is("tuple") || is("a tuple") || is("an array") {
                "a list"
            } else {
                other
            }
        }
    };
    words.to_owned()
}

fn up_to(most: impl std::fmt::Display) -> String {
    format!("a whole number from 0 to {most}")
}

/// What was there instead.
fn sent(got: &str) -> String {
    let bare = |head: &str| got.strip_prefix(head).map(|rest| rest.trim_matches('`').to_owned());
    match got {
        "sequence" => "a list".to_owned(),
        "map" => "an object".to_owned(),
        "unit value" => "null".to_owned(),
        _ if got.bytes().all(|byte| byte.is_ascii_digit()) => format!("a list of {got}"),
        _ => ["integer ", "floating point ", "boolean "]
            .into_iter()
            .find_map(bare)
            .unwrap_or_else(|| got.replacen("string \"", "the text \"", 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_type_reaches_whoever_sent_it() {
        for (said, expected) in [
            (
                "invalid type: string \"x\", expected usize at line 1 column 9",
                "expected a whole number, not below 0, got the text \"x\" at line 1 column 9",
            ),
            ("invalid value: integer `-1`, expected u16", "expected a whole number from 0 to 65535, got -1"),
            ("invalid type: sequence, expected a string", "expected text, got a list"),
            ("invalid type: null, expected struct Question", "expected an object, got null"),
            ("invalid length 2, expected struct Said with 4 elements", "expected an object, got a list of 2"),
            (
                "invalid type: string \", expected f32 at line 9\", expected f64",
                "expected a number, got the text \", expected f32 at line 9\"",
            ),
            ("unknown field `a`, expected `b` or `c`", "unknown field `a`, expected `b` or `c`"),
            ("unknown variant `sh`, expected one of `a`, `b`", "unknown value `sh`, expected one of `a`, `b`"),
            ("limit: invalid digit found in string", "limit: expected a whole number"),
            ("missing field `question` at line 1 column 2", "missing field `question` at line 1 column 2"),
        ] {
            assert_eq!(in_words(said), expected);
        }
    }
}
