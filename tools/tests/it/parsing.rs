//! What programs print: read whole, or an error that names the line.

use kai_tools::facts::{Kind, parse_datasets, parse_pools};
use proptest::prelude::*;

#[test]
fn a_listing_is_read() {
    let text = "tank/vms/web1\tvolume\t17325886497980221875\t42\t1795500000\t57344\t57344\t0\t21474836480\t16384\ttank/vms/g@s\t-\t-\t-\t-\t3f2a9c3f2a9c\t-\ton\t-\n\
                tank/data@a b\tsnapshot\t1\t43\t1795500001\t0\t98304\t98304\t-\t-\t-\ttank/x,tank/y\t2\t-\t-\t-\thq1:fast/a b\t-\t1-ec1ac1654-e0-789c\n";
    let found = parse_datasets(text).unwrap();
    assert_eq!(
        (found[0].kind, found[0].volsize, found[0].origin.as_deref()),
        (Kind::Volume, Some(20 << 30), Some("tank/vms/g@s"))
    );
    assert_eq!(found[0].guid.to_string(), "17325886497980221875");
    assert_eq!((found[1].name.as_str(), found[1].holds, found[1].clones.len()), ("tank/data@a b", 2, 2));
    assert_eq!((found[0].mark.is_some(), found[1].mark.is_some()), (true, false));
    assert_eq!((found[0].read_only, found[1].read_only, found[1].unfinished), (true, false, true));
    assert_eq!((found[0].replica.as_deref(), found[1].replica.as_deref()), (None, Some("hq1:fast/a b")));
}

#[test]
fn a_line_that_is_not_understood_is_named() {
    let pools = "tank\t123\tONLINE\t1000\t900\t10\t-\toff\n";
    assert!(parse_pools(pools).unwrap()[0].is_online());
    let error = parse_pools(&format!("{pools}tank2\tx\tONLINE\t1\t1\t1\t-\toff\n")).unwrap_err();
    assert_eq!((error.line, error.what), (2, "no guid"));
    assert!(parse_pools("tank\tONLINE\n").is_err());
    assert!(parse_datasets("cannot open 'tank'\n").is_err());
}

proptest! {
    #[test]
    fn nothing_makes_them_panic(text in "[a-z0-9\t\n@/-]{0,200}|\\PC{0,80}") {
        let _ = (parse_pools(&text), parse_datasets(&text));
    }
}
