//! `kai-evals answers`: the built-in engine's answers to question sets.

use std::path::PathBuf;

use kai::library::EmbedderChoice;

use super::{CliError, Output};
use crate::answers;
use crate::set;
use crate::target::Index;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where the index lies, as given to `kai --data-dir`
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// Who turns questions into vectors, as given to `kai ask`
    #[arg(long, value_name = "EMBEDDER", default_value = "auto")]
    embedder: EmbedderChoice,
    /// A question set to ask instead of the ones that come along; may be given several times
    #[arg(long, value_name = "FILE.jsonl")]
    set: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Report every question as well
    #[arg(long)]
    per_question: bool,
}

impl Args {
    pub(super) async fn run(self) -> Result<Output, CliError> {
        let questions = set::load(&self.set)?;
        let index = Index::open(&self.data_dir, &self.embedder).await?;
        super::notes(&index);
        let verdicts = answers::run(&index, &questions).await?;
        let lines = (self.per_question && !self.json).then(|| answers::per_question(&verdicts));
        let report = answers::report(verdicts, self.per_question && self.json);
        let text = if self.json {
            format!("{}\n", serde_json::to_string_pretty(&report)?)
        } else {
            let lines = lines.map(|lines| format!("{lines}\n")).unwrap_or_default();
            format!("{lines}{}", answers::render(&report))
        };
        Ok(Output { text, pass: true })
    }
}
