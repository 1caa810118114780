//! How the service's log is written: for a terminal, for a program that reads JSON, for systemd's journal.

use std::io::{Write, stderr};

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// How lines are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Log {
    /// Text, as it suits where it goes.
    Auto,
    /// Text with times.
    Text,
    /// A JSON object a line.
    Json,
}

impl Log {
    /// Logs so from now on.
    pub(super) fn start(self) {
        let filter = EnvFilter::try_from_env("KAI_LOG").unwrap_or_else(|_| EnvFilter::new("warn,kai=info"));
        let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).with_target(false);
        let in_journal = std::env::var_os("JOURNAL_STREAM").is_some();
        let colours = kai_tools::face::terminal::Colours::detect().err;
        // A second start in one process keeps the first one's lines.
        let _ = match self {
            Self::Json => lines.json().flatten_event(true).try_init(),
            // The journal has its own times and levels, and shows no colours.
            Self::Auto if in_journal => {
                lines.without_time().with_level(false).with_ansi(false).with_writer(ForJournal).try_init()
            }
            Self::Auto => lines.with_ansi(colours).try_init(),
            Self::Text => lines.with_ansi(false).try_init(),
        };
    }
}

/// Standard error as systemd's journal reads it: every line after its priority (`sd-daemon(3)`).
struct ForJournal;

/// One line, whose priority is written first.
struct Line(&'static str);

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        stderr().lock().write_all(&[self.0.as_bytes(), line].concat())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for ForJournal {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line("<6>")
    }

    fn make_writer_for(&'a self, of: &Metadata<'_>) -> Line {
        Line(match *of.level() {
            Level::ERROR => "<3>",
            Level::WARN => "<4>",
            Level::INFO => "<6>",
            Level::DEBUG | Level::TRACE => "<7>",
        })
    }
}
