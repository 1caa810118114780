//! What people read.

use kai_evals::bars::{Bar, table};
use kai_evals::report::Table;

#[test]
fn columns_line_up_and_lines_end_clean() {
    let mut table = Table::new(&["what", "value"]);
    table.row(["a", "1.000"]);
    table.row(["längeres", "-"]);
    table.row(["short"]);
    let wanted = "\
what      value
---------------
a         1.000
längeres      -
short
";
    assert_eq!(table.render(), wanted);
}

#[test]
fn bars_say_what_was_wanted_and_what_came() {
    let bars = [
        Bar::at_least("R@1", Some(0.4117), 0.412),
        Bar::below("cold", Some(0.2), 0.2),
        Bar::below("memory", None, 1.5),
    ];
    let wanted = "\
bar       wanted    got
-----------------------------
R@1     >= 0.412  0.412  pass
cold     < 0.200  0.200  FAIL
memory   < 1.500      -  FAIL
";
    assert_eq!(table(&bars), wanted);
}
