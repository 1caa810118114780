//! A sign of life on stderr while nothing can be shown yet: what is going on, and for how long.
//!
//! On one line, drawn at once, taken away without a trace. Nothing at all where nobody watches, on
//! a terminal that cannot clear a line, and with `--quiet`.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::clean::clean_line;

/// Between two pictures.
const TICK: Duration = Duration::from_millis(100);

/// One spinner at a time.
#[derive(Debug)]
pub struct Spinner {
    shown: bool,
    /// Where it is drawn.
    target: fn() -> ProgressDrawTarget,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    what: String,
    bar: ProgressBar,
}

impl Spinner {
    pub(super) fn new(shown: bool) -> Self {
        Self { shown, target: ProgressDrawTarget::stderr, running: None }
    }

    /// Says what is going on from now on: `searching … 1.2 s`. The time goes on while `what` stays.
    pub fn show(&mut self, what: &str) {
        self.show_since(what, Instant::now());
    }

    /// The same for something that has been going on since then.
    pub fn show_since(&mut self, what: &str, since: Instant) {
        if !self.shown || self.running.as_ref().is_some_and(|running| running.what == what) {
            return;
        }
        self.clear();
        let text = clean_line(what);
        // One line, whatever the name of the model: room for the spinner, the dots and the time.
        let columns = console::Term::stderr().size_checked().map_or(80, |(_, columns)| usize::from(columns));
        let text = console::truncate_str(&text, columns.saturating_sub(14).max(4), "").into_owned();
        let took = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            // Nowhere to go with an error.
            let _ = out.write_str(&time(since.elapsed()));
        };
        let style = ProgressStyle::with_template("{spinner} {msg} … {took}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner()).with_key("took", took);
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_style(style);
        bar.set_message(text);
        bar.set_draw_target((self.target)());
        // Draws at once, then on and on from its own thread.
        bar.enable_steady_tick(TICK);
        self.running = Some(Running { what: what.to_owned(), bar });
    }

    /// Takes it away. To be called before anything is printed.
    pub fn clear(&mut self) {
        if let Some(Running { bar, .. }) = self.running.take() {
            bar.finish_and_clear();
        }
    }

    /// Whether it turns.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.running.is_some()
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Tenths of a second for as long as they are read.
fn time(took: Duration) -> String {
    let seconds = took.as_secs();
    match seconds {
        0..=9 => format!("{:.1} s", took.as_secs_f32()),
        10..=119 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Mutex, MutexGuard, PoisonError},
    };

    use indicatif::TermLike;

    use super::*;

    /// What was written, and the lines that are on the screen.
    #[derive(Debug, Default)]
    struct Screen {
        written: String,
        line: String,
    }

    /// One fake terminal for the one test that draws.
    static SCREEN: Mutex<Screen> = Mutex::new(Screen { written: String::new(), line: String::new() });

    fn screen() -> MutexGuard<'static, Screen> {
        SCREEN.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[derive(Debug)]
    struct Fake;

    impl TermLike for Fake {
        fn width(&self) -> u16 {
            60
        }
        fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
            assert_eq!(lines, 0, "a spinner has one line");
            Ok(())
        }
        fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
            assert_eq!(lines, 0, "a spinner has one line");
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)?;
            self.write_str("\n")
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            screen().written.push_str(text);
            screen().line.push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            screen().line.clear();
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn fake() -> ProgressDrawTarget {
        ProgressDrawTarget::term_like(Box::new(Fake))
    }

    /// Waits for the other thread; the time is for a machine that is busy.
    fn wait_for(text: &str, times: usize) {
        let until = Instant::now() + Duration::from_secs(20);
        while screen().written.matches(text).count() < times {
            assert!(Instant::now() < until, "{text:?} in {:?}", screen().written);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn it_is_drawn_goes_on_and_leaves_nothing() {
        let mut spinner = Spinner { shown: true, target: fake, running: None };
        spinner.show("searching");
        wait_for("searching … ", 1);
        spinner.show("searching");
        wait_for("searching … ", 3);
        spinner.show_since("qwen3\u{1b}[2J is\nthinking", Instant::now() - Duration::from_secs(720));
        wait_for("qwen3 is thinking … 12 min 0", 1);
        spinner.clear();
        assert!(!spinner.is_shown());
        assert_eq!(screen().line.trim(), "");
        spinner.show("searching again");
        wait_for("searching again … ", 1);
        drop(spinner);
        assert_eq!(screen().line.trim(), "");
    }

    #[test]
    fn with_quiet_it_is_silent() {
        let mut spinner = Spinner { shown: false, target: || unreachable!("drawn in spite of --quiet"), running: None };
        spinner.show("searching");
        assert!(!spinner.is_shown());
        spinner.clear();
    }

    #[test]
    fn times() {
        for (millis, expected) in
            [(0, "0.0 s"), (1240, "1.2 s"), (9_900, "9.9 s"), (12_000, "12 s"), (125_000, "2 min 05 s")]
        {
            assert_eq!(time(Duration::from_millis(millis)), expected);
        }
    }
}
