//! Lines from a pipe. The terminal's side is tried by hand and under a pseudo-terminal.

use std::io::Cursor;

use super::*;

#[track_caller]
fn check(bytes: impl AsRef<[u8]>, expected: &[&str]) {
    let mut input = Input::piped(Cursor::new(bytes.as_ref().to_vec()));
    let mut got = Vec::new();
    loop {
        match input.read("> ") {
            Entry::Text(text) => got.push(text),
            Entry::TooLong => got.push("TOO LONG".into()),
            Entry::Interrupted => panic!("from a pipe"),
            Entry::End => break,
        }
    }
    assert_eq!(got, expected);
    assert_eq!(input.read("> "), Entry::End, "and it stays ended");
}

#[test]
fn a_line_is_an_entry() {
    check("", &[]);
    check("one\ntwo", &["one", "two"]);
    check("one\r\n\r\n  \n\t\ntwo \n", &["one", "two"]);
    check("\n\n", &[]);
    check(" /quit", &[" /quit"]);
}

#[test]
fn what_is_no_text_is_replaced_or_goes() {
    check(b"a\xffb\n\xe6\x97\n", &["a\u{fffd}b", "\u{fffd}"]);
    check("a\u{1b}[31mb\u{0}c\u{202e}\n\u{1b}[2J\n\u{feff}d\te\n", &["abc", "d\te"]);
}

#[test]
fn a_line_that_is_too_long_is_passed_over() {
    let long = "x".repeat(LONGEST);
    check(format!("a\n{long}\nb"), &["a", &long, "b"]);
    check(format!("a\n{long}x\nb"), &["a", "TOO LONG", "b"]);
    check(format!("{long}{long}{long}"), &["TOO LONG"]);
}

#[test]
fn the_pieces_of_a_pipe_do_not_matter() {
    /// A byte at a time, with interruptions.
    struct Drops(Cursor<Vec<u8>>, bool);
    impl io::Read for Drops {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            self.0.read(&mut buffer[..1])
        }
    }
    let mut input = Input::piped(Drops(Cursor::new("één\ntwo\n".into()), false));
    assert_eq!(input.read(""), Entry::Text("één".into()));
    assert_eq!(input.read(""), Entry::Text("two".into()));
    assert_eq!(input.read(""), Entry::End);
}

#[test]
fn a_pipe_confirms_nothing() {
    let mut input = Input::piped(Cursor::new("yes\nyes\n"));
    assert!(!input.is_terminal());
    assert_eq!(input.ask("apply? "), Entry::End);
    assert_eq!(input.read(""), Entry::Text("yes".into()), "and takes nothing away");
}

#[test]
fn it_can_go_to_a_thread() {
    fn check<T: Send>() {}
    check::<Input>();
}

#[test]
fn what_cannot_be_read_ends_and_says_why() {
    struct Broken;
    impl io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the cable is out"))
        }
    }
    let mut input = Input::piped(Broken);
    assert_eq!(input.read(""), Entry::End);
    assert_eq!(input.take_notes(), ["the input cannot be read: the cable is out"]);
    assert_eq!(input.take_notes().len(), 0);
}
