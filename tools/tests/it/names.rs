//! Names and sizes: what passes is what the rules allow, and nothing else ever reaches a command line.

use kai_tools::host::Command;
use kai_tools::names::{
    BridgeName, Compression, ContainerImage, ContainerName, DatasetName, Endpoint, GpuId, Guid, HostName, HostPath,
    ImageSource, InterfaceName, IpNetwork, Mac, MigProfile, OperationId, Period, PoolName, PortMapping, ReplicaTarget,
    Sha256Sum, Size, SnapshotLabel, SnapshotName, Stamp, Uuid, VmName, VmPrefix, WireguardKey,
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
    fn what_is_given_to_programs_holds_nothing_that_a_shell_or_a_program_takes_for_its_own(
        text in "\\PC{0,40}|[a-zA-Z0-9@#/%. :_+=-]{0,60}|-{1,2}[a-z]{1,8}|[\\x00-\\x7f]{0,30}|[a-z0-9.]{1,9}:[a-z0-9/]{1,9}|GPU-[0-9a-f-]{0,50}|[A-Za-z0-9+/]{43}=|[0-9a-fA-F]{64}|[0-9a-f.:]{1,20}/[0-9]{1,4}|https?://[ -~]{0,30}",
    ) {
        let strict = [
            passes::<VmPrefix>(&text), passes::<ContainerName>(&text), passes::<ContainerImage>(&text), passes::<PortMapping>(&text),
            passes::<InterfaceName>(&text), passes::<WireguardKey>(&text), passes::<IpNetwork>(&text), passes::<HostName>(&text),
            passes::<GpuId>(&text), passes::<MigProfile>(&text), passes::<OperationId>(&text), passes::<Period>(&text), passes::<Sha256Sum>(&text),
        ];
        for name in strict.into_iter().flatten() {
            prop_assert!(!name.starts_with('-') && !name.is_empty() && name.len() <= 255, "{:?}", name);
            prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b"@/.:_+=-".contains(&b)), "{:?}", name);
            prop_assert!(name.split('/').all(|part| part != ".."), "{:?}", name);
        }
        for name in [passes::<Endpoint>(&text), passes::<ReplicaTarget>(&text)].into_iter().flatten() {
            prop_assert!(name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['), "{:?}", name);
            prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b"[]/.:_- ".contains(&b)), "{:?}", name);
        }
        // Quoting is for those who show it; it is one word, prints on one line and is no option.
        if let Some(image) = passes::<ImageSource>(&text) {
            prop_assert!(image.starts_with('/') || image.starts_with("http"), "{:?}", image);
            prop_assert!(!image.chars().any(char::is_control) && !image.contains("/../"), "{:?}", image);
            prop_assert!(image.starts_with('/') || image.bytes().all(|b| b.is_ascii_graphic()), "{:?}", image);
        }
    }

    #[test]
    fn what_passes_reads_back_as_the_same(
        text in "[a-z0-9][a-z0-9.:/@_-]{0,20}|[1-9][0-9]{0,2}[wdhms]|[0-9a-fA-F]{64}|[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=|[a-z0-9]{1,9}(\\.[a-z]{1,5})?:[a-l][a-z]{0,5}/[a-z]{1,5}|/[a-z/]{0,12}|[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}|[1-7]g\\.[0-9]{1,2}gb|(GPU|MIG)-[0-9a-f]{8}|[1-9][0-9]{0,4}:[1-9][0-9]{0,4}(/udp)?",
    ) {
        fn same<T: std::str::FromStr + std::fmt::Display + PartialEq + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned>(text: &str) -> Result<(), TestCaseError> {
            let Ok(first) = text.parse::<T>() else { return Ok(()) };
            let again = first.to_string().parse::<T>().ok();
            prop_assert_eq!(again.as_ref(), Some(&first));
            let json = serde_json::to_string(&first).unwrap();
            prop_assert_eq!(serde_json::from_str::<T>(&json).unwrap(), first);
            Ok(())
        }
        same::<VmPrefix>(&text)?;
        same::<ContainerName>(&text)?;
        same::<ContainerImage>(&text)?;
        same::<PortMapping>(&text)?;
        same::<InterfaceName>(&text)?;
        same::<WireguardKey>(&text)?;
        same::<IpNetwork>(&text)?;
        same::<Endpoint>(&text)?;
        same::<HostName>(&text)?;
        same::<ReplicaTarget>(&text)?;
        same::<GpuId>(&text)?;
        same::<MigProfile>(&text)?;
        same::<ImageSource>(&text)?;
        same::<Sha256Sum>(&text)?;
        same::<OperationId>(&text)?;
        same::<Period>(&text)?;
    }

    #[test]
    fn durations_read_back_exactly(seconds in 1_u64..100 * 366 * 86_400, parts in proptest::collection::vec((1_u64..5000, 0_usize..5), 1..4)) {
        let period = Period::from_seconds(seconds);
        prop_assert_eq!(period.to_string().parse::<Period>().unwrap(), period);
        let units = [("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];
        let text: String = parts.iter().map(|(number, unit)| format!("{number}{}", units[*unit].0)).collect();
        let sum: u64 = parts.iter().map(|(number, unit)| number * units[*unit].1).sum();
        match text.parse::<Period>() {
            Ok(period) => prop_assert_eq!(period.seconds(), sum),
            Err(_) => prop_assert!(sum > 100 * 366 * 86_400, "{}", text),
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

/// Each text passes as that name, or does not.
fn known<T: std::str::FromStr + std::fmt::Display>(good: &[&str], bad: &[&str]) {
    for text in good {
        assert!(passes::<T>(text).is_some(), "{text:?} is refused as {}", std::any::type_name::<T>());
    }
    for text in bad {
        assert!(passes::<T>(text).is_none(), "{text:?} passes as {}", std::any::type_name::<T>());
    }
}

#[test]
fn known_names_of_what_is_announced() {
    let key = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
    known::<ContainerName>(&["web", "a.b_c-1", "A"], &["", "-a", ".a", "a b", "a/b", "a;b", "a\nb", &"a".repeat(64)]);
    known::<ContainerImage>(
        &["redis", "docker.io/library/redis:7", "localhost:5000/a@sha256:00ff"],
        &["", "-it", "a//b", "../a", "a/..", "a b", "$(id)", "a\n"],
    );
    known::<PortMapping>(
        &["8080:80", "5353:53/udp", "1:65535/tcp"],
        &["80", "0:80", "80:0", "80:65536", "+1:2", "1:2/sctp", "a:b"],
    );
    known::<InterfaceName>(&["wg0", "a=b+c"], &["", "0wg", "wg 0", "wg/0", "-wg", &"w".repeat(16)]);
    known::<WireguardKey>(
        &[key],
        &["", &"A".repeat(44), &format!("{}=", "A".repeat(43)), &key[1..], &key.replace('x', "-")],
    );
    known::<IpNetwork>(
        &["10.8.0.1/24", "fd00::1/64", "0.0.0.0/0"],
        &["10.8.0.1", "10.8.0.1/33", "fd00::1/129", "10.8.0.1/+4", "10.8.0/24", "/24"],
    );
    known::<Endpoint>(
        &["a:1", "203.0.113.9:51820", "[2001:db8::1]:51820"],
        &["a", "a:0", ":1", "2001:db8::1:51820", "[::1:1", "a b:1", "-a:1"],
    );
    known::<HostName>(
        &["dr1", "dr1.example", "10.0.0.1"],
        &["", "-a", "a-", "a..b", "A", "a_b", ".a", &"a".repeat(64)],
    );
    known::<ReplicaTarget>(
        &["dr1", "dr1:tank/copy"],
        &["", ":tank", "dr1:", "dr1:-r", "dr1:tank@a", "-o:tank", "root@dr1:tank"],
    );
    known::<GpuId>(
        &["0", "12", "all", "GPU-5f0ad1ea", "MIG-5f0ad1ea-0000"],
        &["", "123", "-1", "GPU_0", "gpu-1", "all "],
    );
    known::<MigProfile>(&["1g.10gb", "19", "1g.10gb+me"], &["", "-1", "g.10gb", "1g 10gb", "1g;"]);
    known::<ImageSource>(
        &["/srv/a b.qcow2", "https://h/a.img", "http://h:81/a?b=c"],
        &[
            "",
            "a.img",
            "../a",
            "/a/../b",
            "https://",
            "https://u:p@h/a",
            "ftp://h/a",
            "https://h/a b",
            "file:///a",
            "-o",
        ],
    );
    known::<Sha256Sum>(&[&"0aF".repeat(22)[..64]], &["", &"0".repeat(63), &"g".repeat(64)]);
    known::<OperationId>(&["last", "3f2a9c", "a-b"], &["", "-a", "a b", "a/b", &"a".repeat(65)]);
    known::<Compression>(
        &["lz4", "zstd-19", "gzip-9", "zstd-fast-10", "zstd-fast-500"],
        &["", "zstd-20", "gzip-0", "zstd-fast-11", "zstd-fast-200", "lz4 "],
    );
    known::<VmPrefix>(&["web", "node-", "0"], &["", "-a", "A", "a b", &"a".repeat(29)]);
    known::<Period>(
        &["15m", "48h", "1d12h", "2w", "1H"],
        &["", "0s", "h", "15", "-1h", "1.5h", "1y", "99999999w", "1 h"],
    );
    assert_eq!(passes::<Sha256Sum>(&"AB".repeat(32)), Some("ab".repeat(32)));
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
