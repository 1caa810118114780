//! Names and sizes: what passes is what the rules allow, and nothing else ever reaches a command line.

use kai_tools::host::Command;
use kai_tools::names::{
    BridgeName, DatasetName, Guid, HostPath, Mac, PoolName, Size, SnapshotLabel, SnapshotName, Stamp, Uuid, VmName,
};
use kai_tools::request::Request;
use proptest::prelude::*;

fn passes<T: std::str::FromStr + std::fmt::Display>(text: &str) -> Option<String> {
    text.parse::<T>().ok().map(|name| name.to_string())
}

proptest! {
    #[test]
    fn a_name_that_passes_is_plain_and_reads_back(text in "\\PC{0,40}|[a-z0-9@#/%. :_-]{0,60}|-{1,2}[a-z]{1,8}|[\\x00-\\x7f]{0,30}") {
        for name in [passes::<VmName>(&text), passes::<BridgeName>(&text), passes::<PoolName>(&text), passes::<DatasetName>(&text), passes::<SnapshotLabel>(&text), passes::<SnapshotName>(&text)].into_iter().flatten() {
            prop_assert!(!name.starts_with('-') && !name.is_empty() && name.len() <= 255);
            prop_assert!(name.bytes().all(|b| b.is_ascii_graphic() || b == b' '), "{:?}", name);
            prop_assert!(!name.contains(['\'', '"', '`', '$', ';', '|', '&', '<', '>', '*', '?', '\\', '\n', '%']));
            prop_assert!(name.split(['/', '@']).all(|part| !part.is_empty() && part != "." && part != ".." && !part.starts_with('-')));
        }
        if let Some(vm) = passes::<VmName>(&text) {
            prop_assert_eq!(&vm, &text);
            prop_assert!(vm.len() <= 31);
        }
    }

    #[test]
    fn a_path_that_passes_is_absolute_and_does_not_climb(text in "\\PC{0,40}|/[a-z./-]{0,30}") {
        if let Some(path) = passes::<HostPath>(&text) {
            prop_assert!(path.starts_with('/') && !path.chars().any(char::is_control));
            prop_assert!(path.split('/').all(|part| part != ".." && part != "."));
        }
    }

    #[test]
    fn sizes_read_back_exactly(bytes in any::<u64>()) {
        let size = Size::from_bytes(bytes);
        prop_assert_eq!(size.to_string().parse::<Size>().unwrap(), size);
    }

    #[test]
    fn sizes_never_wrap(text in "[0-9]{1,25}(\\.[0-9]{1,9})?[BKMGTPEZ]?(iB|B)?") {
        if let Ok(size) = text.parse::<Size>() {
            let number: f64 = text.trim_end_matches(char::is_alphabetic).parse().unwrap();
            let unit = text.find(char::is_alphabetic).map_or(0, |at| "BKMGTPE".find(&text[at..=at]).unwrap());
            let expected = number * 1024_f64.powi(i32::try_from(unit).unwrap());
            prop_assert!((size.bytes() as f64 - expected).abs() <= expected * 1e-9 + 1.0, "{}: {}", text, size.bytes());
        }
    }

    #[test]
    fn identities_and_moments_read_back(a in any::<u64>(), text in "\\PC{0,20}", seconds in 0_u64..250_000_000_000) {
        prop_assert_eq!(Guid::new(a).to_string().parse::<Guid>().unwrap(), Guid::new(a));
        let (uuid, mac) = (Uuid::derived(&[&text]), Mac::derived(&[&text]));
        prop_assert_eq!(uuid.to_string().parse::<Uuid>().unwrap(), uuid);
        prop_assert_eq!(mac.to_string().parse::<Mac>().unwrap(), mac);
        prop_assert!(mac.to_string().starts_with("52:54:00:"));
        let stamp = Stamp::from_seconds(seconds);
        prop_assert_eq!(stamp.to_string().parse::<Stamp>().unwrap(), stamp);
        let _ = (text.parse::<Guid>(), text.parse::<Uuid>(), text.parse::<Mac>(), text.parse::<Stamp>());
    }

    #[test]
    fn a_shown_command_reads_back_as_the_same_words(parts in proptest::collection::vec("[a-zA-Z0-9_. :-]{1,12}", 1..4)) {
        let names: Vec<DatasetName> = parts.iter().filter_map(|part| format!("tank/{part}").parse().ok()).collect();
        let command = Command::zfs("list").args(&names);
        // POSIX quoting: outside quotes a space separates, inside it does not.
        let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
        for c in command.to_string().chars() {
            match c {
                '\'' => quoted = !quoted,
                ' ' if !quoted => words.push(std::mem::take(&mut word)),
                c => word.push(c),
            }
        }
        words.push(word);
        let expected: Vec<String> = ["zfs".to_owned()].into_iter().chain(command.arguments().iter().cloned()).collect();
        prop_assert_eq!(words, expected);
    }

    #[test]
    fn a_request_with_anything_in_it_is_read_or_refused(tool in "[a-z_]{1,16}|kvm_clone|kvm_delete", key in "[a-z_]{1,10}|vm|names|source", value in "\\PC{0,30}") {
        let _ = serde_json::from_value::<Request>(serde_json::json!({ "tool": tool, "args": { key: value } }));
    }
}

#[test]
fn known_names() {
    for good in ["web1", "a", "node-1", "0x", &"a".repeat(31)] {
        assert!(passes::<VmName>(good).is_some(), "{good}");
    }
    for bad in ["", "-x", "x-", "Web", "a_b", "a b", "a/b", "../../libvirt", "--help", &"a".repeat(32), "ä"] {
        assert!(passes::<VmName>(bad).is_none(), "{bad}");
    }
    for bad in
        ["tank/", "/tank", "tank//a", "tank/../x", "tank/-r", "1tank", "mirror0/x", "log", "tank@a", "tank/a b ", "a%b"]
    {
        assert!(passes::<DatasetName>(bad).is_none(), "{bad}");
    }
    for bad in ["tank@", "@a", "tank@a@b", "tank@a/b", "tank@-r", "tank#a"] {
        assert!(passes::<SnapshotName>(bad).is_none(), "{bad}");
    }
    assert_eq!(passes::<SnapshotLabel>("@x").as_deref(), Some("x"));
    for (text, bytes) in [("20G", 20_u64 << 30), ("1.5T", 3 << 39), ("512MiB", 512 << 20), ("1000", 1000), ("4k", 4096)]
    {
        assert_eq!(text.parse::<Size>().unwrap().bytes(), bytes, "{text}");
    }
    for bad in ["", "G", "-1G", "1.G", "1XB", "1e3", "99999999E", "0x10"] {
        assert!(bad.parse::<Size>().is_err(), "{bad}");
    }
}

#[test]
fn unknown_fields_are_refused() {
    for json in [
        r#"{"tool":"kvm_delete","args":{"vm":"a","sudo":true}}"#,
        r#"{"tool":"kvm_delete","args":{"vm":"-rf"}}"#,
        r#"{"tool":"rm","args":{}}"#,
        r#"{"tool":"kvm_delete"}"#,
    ] {
        assert!(serde_json::from_str::<Request>(json).is_err(), "{json}");
    }
}
