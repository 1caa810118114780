//! `kai-evals retrieval`: question sets against an index.

use std::path::PathBuf;

use kai::library::EmbedderChoice;

use super::{CliError, Output};
use crate::retrieval::{self, Mode};
use crate::set;
use crate::target::Index;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where the index lies, as given to `kai --data-dir`
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// Who turns questions into vectors, as given to `kai search`
    #[arg(long, value_name = "EMBEDDER", default_value = "auto")]
    embedder: EmbedderChoice,
    /// A question set to ask instead of the ones that come along; may be given several times
    #[arg(long, value_name = "FILE.jsonl")]
    set: Vec<PathBuf>,
    /// Rank by everything that the index has, or by words alone
    #[arg(long, value_enum, default_value_t = Mode::Auto)]
    mode: Mode,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Report every question as well
    #[arg(long)]
    per_question: bool,
    /// Exit with 1 if a bar is missed
    #[arg(long)]
    require: bool,
}

impl Args {
    pub(super) async fn run(self) -> Result<Output, CliError> {
        let questions = set::load(&self.set)?;
        let embedder = match self.mode {
            Mode::Auto => self.embedder,
            Mode::Words => EmbedderChoice::None,
        };
        let index = Index::open(&self.data_dir, &embedder).await?;
        super::notes(&index);
        let outcomes = retrieval::run(&index, &questions, self.mode).await?;
        let lines = (self.per_question && !self.json).then(|| retrieval::per_question(&outcomes));
        let report = retrieval::report(self.mode, outcomes, self.per_question && self.json);
        let pass = !self.require || report.bars.iter().all(|bar| bar.pass);
        let text = if self.json {
            format!("{}\n", serde_json::to_string_pretty(&report)?)
        } else {
            let lines = lines.map(|lines| format!("{lines}\n")).unwrap_or_default();
            format!("{lines}{}", retrieval::render(&report))
        };
        Ok(Output { text, pass })
    }
}
