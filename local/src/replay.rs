//! `paceline replay`: what providers said is read again as it came, by the code of today.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;

use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;
use platform::app::settle;
use platform::config::ConfigError;
use platform::intake::{self, Told};
use platform::problem::Problem;
use platform::providers::{self, Delivery, Providers};
use serde_json::json;
use store::deliveries::{self, AsItCame, DeliveryKey, Listed, Window};
use store::setup::Owner;
use store::{StoreError, users};
use uuid::Uuid;

/// What is below the options in `--help`.
const AFTER: &str = "\
Every believed delivery is kept as it came for 30 days. This reads those again, in the order in which
they came, and takes each in as if it came now: what was read wrongly and is read rightly now changes
its workout, what was only announced is asked for again, and what still says the same changes nothing.
Nobody is asked by this program itself, and nothing is rung: the next sweep rings within two minutes.

It may be interrupted at any time and called again; each delivery is taken in or not at all. A change
of a provider's reading that depends on its settings needs those, in PROVIDER_SETTINGS.

Exit codes:
  0  every kept delivery was read and taken in
  1  it could not be done, or some were refused: standard error names each with its code
  2  the command line is wrong

Examples:
  paceline replay --since 2026-11-20 --dry-run
  paceline replay --since 2026-11-20T06:00:00Z --provider garmin --json";

/// How many are listed at a time.
const PAGE: i64 = 200;

/// Which deliveries.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    /// Deliveries that came at this time (RFC 3339) or on this day (UTC), or later
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: DateTime<Utc>,
    /// Deliveries that came before this; all without it
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<DateTime<Utc>>,
    /// Deliveries of this provider; of all without it
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(providers::names()))]
    provider: Option<String>,
    /// Read everything and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object, and nothing else on standard output
    #[arg(long)]
    json: bool,
    /// URL of the database, as its owner
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: String,
}

fn time(text: &str) -> Result<DateTime<Utc>, &'static str> {
    if let Ok(time) = text.parse::<DateTime<Utc>>() {
        return Ok(time);
    }
    let day = text.parse::<NaiveDate>().ok();
    day.and_then(|day| day.and_hms_opt(0, 0, 0))
        .map(|midnight| midnight.and_utc())
        .ok_or("is neither a time such as 2026-11-20T06:00:00Z nor a date")
}

/// Deliveries cannot be read again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    /// The database does not answer, or refuses.
    #[error("cannot reach what is kept: check --database-url, which is the owner's")]
    Store(#[from] StoreError),
    /// The providers' settings are none.
    #[error(transparent)]
    Settings(#[from] ConfigError),
    /// Standard output is gone.
    #[error("cannot print")]
    Print(#[from] io::Error),
}

/// Why one delivery was not taken in.
enum Refused {
    /// With this code.
    Because(&'static str),
    /// The database is away.
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Because(problem.code())
    }
}

/// Reads again what the arguments select, and tells what came of it.
///
/// # Errors
/// [`ReplayError`] says what to do.
pub(crate) async fn run(arguments: &Arguments) -> Result<ExitCode, ReplayError> {
    let providers = Providers::to_read()?;
    let owner = Owner::connect(&arguments.database_url).await?;
    let mut window = Window {
        after: (arguments.since, Uuid::nil()),
        until: arguments.until.unwrap_or_else(platform::clock::now),
        provider: arguments.provider.clone(),
    };
    let mut outcomes: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut read = 0_u64;
    let mut refused = 0_u64;
    loop {
        let mut tx = owner.begin().await?;
        let page = deliveries::list_kept(&mut tx, &window, PAGE).await;
        let page = settle(tx, page).await?;
        let Some(last) = page.last() else {
            break;
        };
        window.after = (last.received_at, last.id);
        for listed in &page {
            match take_in(&owner, &providers, listed, arguments.dry_run).await {
                Ok(all) => {
                    for outcome in all {
                        *outcomes.entry(outcome).or_default() += 1;
                    }
                }
                Err(Refused::Because(code)) => {
                    refused += 1;
                    eprintln!("delivery {} of {}: {code}", listed.id, listed.provider);
                }
                Err(Refused::Store(error)) => return Err(error.into()),
            }
        }
        read += page.len() as u64;
        eprintln!("{read} read, up to {}", window.after.0);
    }
    owner.close().await;
    print(arguments, read, refused, &outcomes)?;
    Ok(if refused == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Reads one delivery and takes in what it says of its athlete.
async fn take_in(
    owner: &Owner,
    providers: &Providers,
    listed: &Listed,
    dry_run: bool,
) -> Result<Vec<&'static str>, Refused> {
    let user = listed.user();
    let mut tx = owner.begin().await?;
    let kept = async {
        tx.act_for(user).await?;
        deliveries::find_kept(&mut tx, user, listed.id).await
    };
    let kept = kept.await;
    let Some(kept) = settle(tx, kept).await? else {
        // Its time came meanwhile.
        return Ok(Vec::new());
    };

    let (name, provider) = providers.find(&listed.provider)?;
    let body = intake::unpack(&kept.body).map_err(|_| Refused::Because("unreadable"))?;
    let items = provider.read(Delivery {
        headers: kept.headers(),
        body: &body,
    })?;
    let mut outcomes = Vec::new();
    for item in items {
        let told = Told::new(&item);
        if dry_run {
            outcomes.push("read");
            continue;
        }
        let mut tx = owner.begin().await?;
        let delivery = key(name, &kept);
        let applied = async {
            tx.act_for(user).await?;
            let whose = users::find_user_by_connection(&mut tx, name, &item.account).await?;
            if whose != Some(user) || !users::is_active(&mut tx, user).await? {
                return Err(Refused::Because("unknown_athlete"));
            }
            tx.lock_user(user).await?;
            Ok(told
                .ingest(&mut tx, user, delivery, item.occurred_at)
                .await?)
        };
        let applied = applied.await;
        let ingested = settle(tx, applied).await?;
        outcomes.push(ingested.outcome.as_str());
    }
    Ok(outcomes)
}

fn key<'a>(provider: &'a str, kept: &'a AsItCame) -> DeliveryKey<'a> {
    DeliveryKey {
        provider,
        key: &kept.delivery_key,
        body_sha256: &kept.body_sha256,
    }
}

fn print(
    arguments: &Arguments,
    read: u64,
    refused: u64,
    outcomes: &BTreeMap<&'static str, u64>,
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if arguments.json {
        let all = json!({"deliveries": read, "refused": refused, "outcomes": outcomes});
        return writeln!(out, "{all}");
    }
    writeln!(out, "{read} deliveries, {refused} refused")?;
    for (outcome, count) in outcomes {
        writeln!(out, "  {outcome}: {count}")?;
    }
    Ok(())
}
