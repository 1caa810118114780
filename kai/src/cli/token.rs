//! `kai token`: who may do what over HTTP.

use clap::{Args, Subcommand};
use kai_tools::names::{Period, Stamp};
use serde_json::json;

use super::{Context, Failure, Outcome};
use crate::service::access::{Scopes, TokenError, TokenName, Tokens};

/// Make, list and revoke tokens for the service.
///
/// A token is shown once, when it is made; only its hash is kept. What is changed here counts for the next
/// request.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Scopes; none holds another:
  ask       ask questions, search and read documents
  plan      see the host, and have plans made; nothing is changed by that
  approve   have a plan carried out, by the digest of what was shown
  admin     index documents

Examples:
  kai token add laptop --scope ask,plan,approve
  kai token add wiki --scope ask --expires 90d
  kai token revoke laptop"
)]
pub(super) struct Token {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make one, and show it: only this once.
    Add {
        /// What it is called; operations that it approves bear this name.
        #[arg(value_name = "NAME")]
        name: TokenName,
        /// What its holder may do: ask, plan, approve, admin.
        #[arg(long, value_name = "SCOPE,…")]
        scope: Scopes,
        /// For how long: 12h, 90d, 52w. For ever, if nothing is said.
        #[arg(long, value_name = "TIME")]
        expires: Option<Period>,
    },
    /// List them, without their secrets.
    List,
    /// End one.
    Revoke {
        /// Its name.
        #[arg(value_name = "NAME")]
        name: TokenName,
    },
}

pub(super) fn run(args: &Token, context: &Context) -> Result<Outcome, Failure> {
    let (ui, tokens) = (&context.ui, Tokens::of(context.home.root()));
    match &args.command {
        TokenCommand::Add { name, scope, expires } => {
            let expires = expires.map(|time| Stamp::from_seconds(Stamp::now().seconds() + time.seconds()));
            let token = tokens.add(name.clone(), scope.clone(), expires)?;
            if ui.wants_json() {
                ui.json(&json!({ "name": name, "scopes": scope, "expires": expires, "token": token.reveal() }));
            } else {
                ui.line(token.reveal());
                ui.hint("it is not shown again; send it as `Authorization: Bearer …`");
            }
        }
        TokenCommand::List => list(context, &tokens)?,
        TokenCommand::Revoke { name } => {
            tokens.revoke(name)?;
            ui.status(&format!("token {name} is not valid any more"));
            if ui.wants_json() {
                ui.json(&json!({ "revoked": name }));
            }
        }
    }
    Ok(Outcome::Done)
}

fn list(context: &Context, tokens: &Tokens) -> Result<(), Failure> {
    let ui = &context.ui;
    let all = tokens.list()?;
    if ui.wants_json() {
        let shown = all.iter().map(
            |token| json!({ "name": token.name, "scopes": token.scopes, "made": token.made, "expires": token.expires }),
        );
        ui.json(&shown.collect::<Vec<_>>());
        return Ok(());
    }
    if all.is_empty() {
        ui.status("there is no token; `kai token add --help` says how one is made");
    }
    for token in all.iter() {
        let until = match token.expires {
            None => "for ever".to_owned(),
            Some(_) if token.has_expired(Stamp::now()) => "expired".to_owned(),
            Some(expires) => format!("until {expires}"),
        };
        ui.line(&format!("{:<20} {:<24} {until}", token.name.to_string(), token.scopes.to_string()));
    }
    Ok(())
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        let failure = Self::of(&error);
        match error {
            TokenError::Taken { .. } => failure.hint("revoke that one first, or choose another name"),
            TokenError::Unknown { .. } => failure.hint("`kai token list` lists them"),
            TokenError::File { .. }
            | TokenError::Damaged { .. }
            | TokenError::Version { .. }
            | TokenError::Open { .. }
            | TokenError::Random(_) => failure,
        }
    }
}
