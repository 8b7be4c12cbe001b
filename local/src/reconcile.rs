//! `paceline reconcile`: an operator has connections asked what there is, now and not when they are due.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use clap::builder::PossibleValuesParser;
use domain::id::UserId;
use platform::config::LIMITS;
use platform::providers;
use serde_json::json;
use store::reconciliations::{self, LookFrom};
use store::{DatabaseSettings, Pooler, Store};

use crate::operator::{OperatorError, end};

/// What is below the options in `--help`.
const AFTER: &str = "\
A webhook may be lost for good, so each connection is asked every six hours what the athlete did since it was
asked last. This makes connections due at once; the function fetch-activity asks them when its schedule comes,
within five minutes, as many as it can in twelve seconds, and the others five minutes later. What was known stays
as it is. Of providers that do not list, only when they last delivered is looked at.

--from-the-first has the last 30 days looked at again instead of what came since the last time, for instance after
a provider lost webhooks of activities that were older than two days.

Exit codes:
  0  the connections are due, or none matched
  1  it could not be done
  2  the command line is wrong

Examples:
  paceline reconcile --all
  paceline reconcile --provider wahoo --from-the-first --json";

/// Which connections, and from when on.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    /// Connections of this provider
    #[arg(long, required_unless_present_any = ["user", "all"], value_name = "NAME", value_parser = PossibleValuesParser::new(providers::names()))]
    provider: Option<String>,
    /// Connections of this athlete
    #[arg(long, value_name = "ID")]
    user: Option<UserId>,
    /// Everybody's connections to everybody
    #[arg(long, conflicts_with_all = ["provider", "user"])]
    all: bool,
    /// Look at the last 30 days, as if they had never been asked about
    #[arg(long)]
    from_the_first: bool,
    /// Print one JSON object, and nothing else on standard output
    #[arg(long)]
    json: bool,
    #[arg(
        long,
        env = "DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        help = "URL of the database, as paceline_fetch or another role that sees every connection"
    )]
    database_url: String,
}

/// Makes the connections due that the arguments select, and says how many they are.
///
/// # Errors
/// [`OperatorError`] says what to do; then nothing was changed.
pub(crate) async fn run(arguments: &Arguments) -> Result<ExitCode, OperatorError> {
    let store = Store::new(&DatabaseSettings {
        url: arguments.database_url.clone(),
        // Right with a pooler in between and without one.
        pooler: Pooler::Transaction,
        acquire: LIMITS.stage_wait,
        statement: LIMITS.stage_statement,
        lock: LIMITS.stage_wait,
    })?;
    let due = make_due(&store, arguments).await?;
    let line = if arguments.json {
        json!({"due": due}).to_string()
    } else {
        format!("{due} connections are due; they are asked within five minutes")
    };
    writeln!(io::stdout(), "{line}")?;
    Ok(ExitCode::SUCCESS)
}

async fn make_due(store: &Store, arguments: &Arguments) -> Result<u64, OperatorError> {
    let from = if arguments.from_the_first {
        LookFrom::TheFirst
    } else {
        LookFrom::TheLast
    };
    let mut tx = store.begin_without_user().await?;
    if !reconciliations::sees_every_connection(&mut tx).await? {
        end(tx).await;
        return Err(OperatorError::BlindToConnections);
    }
    let provider = arguments.provider.as_deref();
    match reconciliations::make_all_due(&mut tx, provider, arguments.user, from).await {
        Ok(due) => {
            tx.commit().await?;
            Ok(due)
        }
        Err(error) => {
            end(tx).await;
            Err(error.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn whom_to_ask_has_to_be_said() {
        let parse = |arguments: &[&str]| {
            let base = ["reconcile", "--database-url", "postgres://x"];
            Cli::try_parse_from(base.iter().chain(arguments))
        };
        assert!(parse(&[]).is_err());
        assert!(parse(&["--all"]).is_ok());
        assert!(parse(&["--all", "--provider", "wahoo"]).is_err());
        let wahoo = parse(&["--provider", "wahoo", "--from-the-first"]).unwrap();
        assert!(wahoo.arguments.from_the_first);
        assert!(parse(&["--provider", "myspace"]).is_err());
    }
}
