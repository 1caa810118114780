//! Cloud-init seeds.

use kai_tools::names::{SshKey, UserData, Uuid};
use kai_tools::seed::Seed;
use proptest::prelude::*;

use crate::domain::parsed;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExam me@here";

fn seed(key: Option<&str>, user_data: Option<&str>) -> Seed {
    Seed {
        instance: Uuid::derived(&["seed"]),
        hostname: parsed("web1"),
        key: key.map(parsed::<SshKey>),
        user_data: user_data.map(parsed::<UserData>),
    }
}

/// What a double-quoted scalar means; none if the line is not exactly one.
fn scalar(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut chars = inner.chars();
    let mut out = String::new();
    while let Some(c) = chars.next() {
        let digits = match c {
            '"' => return None,
            '\\' => match chars.next()? {
                c @ ('"' | '\\') => {
                    out.push(c);
                    continue;
                }
                'u' => 4,
                'U' => 8,
                _ => return None,
            },
            ' '..='~' => {
                out.push(c);
                continue;
            }
            _ => return None,
        };
        let number: String = chars.by_ref().take(digits).collect();
        out.push(char::from_u32(u32::from_str_radix(&number, 16).ok()?)?);
    }
    Some(out)
}

/// What base64 means, by the definition: six bits a digit.
fn bytes(base64: &str) -> Vec<u8> {
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: String = base64.chars().filter_map(|c| digits.find(c)).map(|digit| format!("{digit:06b}")).collect();
    bits.as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect()
}

proptest! {
    #[test]
    fn no_key_and_no_name_leaves_its_quotes(
        name in "[a-z0-9]([a-z0-9-]{0,29}[a-z0-9])?",
        comment in "[^\u{0}-\u{1f}\u{7f}-\u{9f}]{0,40}",
    ) {
        let text = format!("ssh-ed25519 {} x{comment}x", "A".repeat(60));
        let seed = Seed { hostname: parsed(&name), key: Some(parsed(&text)), ..seed(None, None) };
        let mut keys = Vec::new();
        let user_data = seed.user_data();
        prop_assert_eq!(user_data.lines().next(), Some("#cloud-config"));
        for line in user_data.lines().skip(1) {
            match line.strip_prefix("  - ") {
                Some(key) => keys.push(scalar(key)),
                None => {
                    let (name, value) = line.split_once(':').unwrap();
                    prop_assert!(["merge_how", "hostname", "disable_root", "ssh_authorized_keys"].contains(&name), "{}", line);
                    prop_assert!(value.is_empty() || value == " false" || scalar(value.trim_start()).is_some(), "{}", line);
                }
            }
        }
        prop_assert_eq!(keys, vec![Some(text)]);
        let meta = seed.meta_data();
        let (id, host) = meta.trim_end().split_once('\n').unwrap();
        prop_assert_eq!(id, format!("instance-id: iid-{}", seed.instance));
        prop_assert_eq!(host.strip_prefix("local-hostname: ").and_then(scalar), Some(name));
    }

    #[test]
    fn a_persons_document_arrives_byte_for_byte(rest in "[ -~\n\r\t\u{e9}\u{1f600}-]{0,300}") {
        let text = format!("#cloud-config\n{rest}");
        let both = seed(Some(KEY), Some(&text)).user_data();
        let (head, _) = both.split_once("\n\n").unwrap();
        let boundary = head.split('"').nth(1).unwrap();
        let parts: Vec<&str> = both.split(&format!("--{boundary}")).collect();
        prop_assert_eq!(parts.len(), 4);
        prop_assert_eq!(parts[3], "--\n");
        prop_assert!(both.is_ascii() && both.lines().all(|line| line.len() <= 200));
        let (headers, body) = parts[1].split_once("\n\n").unwrap();
        prop_assert!(headers.contains("text/cloud-config") && headers.contains("base64"));
        prop_assert_eq!(String::from_utf8(bytes(body)).unwrap(), text);
        prop_assert!(parts[2].contains(KEY) && parts[2].contains("list(append)"));
    }
}

#[test]
fn without_a_key_a_document_is_used_as_it_is() {
    let text = "#cloud-config\nusers: [me]\n";
    assert_eq!(seed(None, Some(text)).user_data(), text);
    assert_eq!(seed(None, None).user_data(), "#cloud-config\nhostname: \"web1\"\n");
}

#[test]
fn each_kind_of_document_keeps_its_kind() {
    for (text, kind) in [
        ("#!/bin/sh\necho\n", "text/x-shellscript"),
        ("#cloud-config\na: 1\n", "text/cloud-config"),
        ("#cloud-config-archive\n- a\n", "text/cloud-config-archive"),
    ] {
        let both = seed(Some(KEY), Some(text)).user_data();
        assert!(both.contains(&format!("\nContent-Type: {kind};")), "{both}");
    }
    let theirs = "Content-Type: multipart/mixed; boundary=\"b\"\nMIME-Version: 1.0\n\n--b\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n--b--\n";
    assert!(seed(Some(KEY), Some(theirs)).user_data().contains(&format!("\n{theirs}\n--kai-")));
}
