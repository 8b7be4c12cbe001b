//! Takes one mechanism of the protocol away at a time, and requires that a test notices.
//!
//! It copies the tree to `target/ablations`, edits the copy, and runs the tests that guard the
//! protocol, first without any edit. It prints what was taken away and which tests turned red, and
//! fails when none did. An edit whose text is no longer in the tree is an error too.

use clap::Parser;
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Takes one mechanism of the protocol away at a time in a copy of the tree, runs the tests that guard it, and fails
/// when none of them turns red. A table goes to standard output, progress to standard error.
#[derive(Debug, Parser)]
#[command(name = "ablations")]
struct Cli {
    /// Only the ablations whose name contains this
    #[arg(default_value = "")]
    name: String,
    /// Print the names of the ablations, and do nothing
    #[arg(long)]
    list: bool,
    /// As soon as this many tests are red, go on to the next ablation
    #[arg(long, default_value_t = 1)]
    enough: usize,
    /// Run every guard to its end, however many tests are red
    #[arg(long, conflicts_with = "enough")]
    all: bool,
    /// A guard that runs for longer than this many seconds hangs, which counts as red
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// Do not run the guards on the tree as it is first; then what is red may always have been
    #[arg(long)]
    no_control: bool,
}

/// One mechanism taken away.
struct Ablation {
    name: &'static str,
    edits: &'static [Edit],
}

/// One text in one file replaced by another.
struct Edit {
    file: &'static str,
    old: &'static str,
    new: &'static str,
}

/// The tests that guard the protocol; the first that turns red is enough.
const GUARDS: [&str; 4] = ["faults", "pipeline", "providers", "model"];

const ENGINE: &str = "shared/platform/src/stage.rs";
const LEDGER: &str = "migrations/0006_create_stage_runs.up.sql";
const SWEEP: &str = "functions/sweep-stages/src/lib.rs";
const BATCH: &str = "shared/platform/src/batch.rs";
const SETTLE: &str = "shared/store/queries/stages/settle_dead_letter.sql";
const APP: &str = "shared/platform/src/app.rs";
const WEBHOOK: &str = "functions/ingest-activity/src/webhook.rs";

const NO_SWEEP: Edit = Edit {
    file: SWEEP,
    old: "let size = LIMITS.sweep_size;",
    new: "let size = LIMITS.sweep_size * 0;",
};

const ABLATIONS: [Ablation; 23] = [
    Ablation {
        name: "the finish does not ask for the claim's token",
        edits: &[Edit {
            file: LEDGER,
            old: "        AND claim_token = p_claim_token\n",
            new: "        AND (status = 'processing' OR p_claim_token IS NOT NULL)\n",
        }],
    },
    Ablation {
        name: "the finish does not see that newer input is wanted",
        edits: &[Edit {
            file: LEDGER,
            old: "status = CASE WHEN wanted > p_generation THEN 'pending' ELSE 'complete' END",
            new: "status = 'complete'",
        }],
    },
    Ablation {
        name: "a failure does not ask for the claim's token",
        edits: &[Edit {
            file: "shared/store/queries/stages/fail_stage.sql",
            old: "AND claim_token = $3::uuid",
            new: "AND $3::uuid IS NOT NULL",
        }],
    },
    Ablation {
        name: "a deadlock is no reason to try again",
        edits: &[Edit {
            file: "shared/store/src/error.rs",
            old: "\"40P01\" | \"40001\" | \"55P03\"",
            new: "\"55P03\"",
        }],
    },
    Ablation {
        name: "whoever fails for good on old input does not ring for the newer one",
        edits: &[Edit {
            file: ENGINE,
            old: "if disposition == Disposition::Done && status",
            new: "if disposition == Disposition::Retry && status",
        }],
    },
    Ablation {
        name: "statements are prepared by name behind a transaction pooler too",
        edits: &[Edit {
            file: "shared/store/src/session.rs",
            old: "let keep_statements = settings.pooler == Pooler::None;",
            new: "let keep_statements = matches!(settings.pooler, Pooler::None | Pooler::Transaction);",
        }],
    },
    Ablation {
        name: "the sweep does nothing",
        edits: &[NO_SWEEP],
    },
    Ablation {
        name: "the lock is taken in a transaction of its own",
        edits: &[
            Edit {
                file: ENGINE,
                old: "    let mut tx = store.begin(claim.run.user_id).await?;\n    let ended = work_in",
                new: "    let mut lock = store.begin(claim.run.user_id).await?;\n    \
                  let locked = stages::try_lock_stage(&mut lock, claim.run).await?;\n    \
                  lock.commit().await?;\n    \
                  if !locked { return Err(Trouble::Busy); }\n    \
                  let mut tx = store.begin(claim.run.user_id).await?;\n    let ended = work_in",
            },
            Edit {
                file: ENGINE,
                old: "if !stages::try_lock_stage(tx, claim.run).await?",
                new: "if false",
            },
        ],
    },
    Ablation {
        name: "a busy lock counts as done",
        edits: &[Edit {
            file: ENGINE,
            old: "return Err(Trouble::Busy);",
            new: "return Ok(Ended::Fenced);",
        }],
    },
    Ablation {
        name: "the delivery is remembered before its effects",
        edits: &[
            Edit {
                file: WEBHOOK,
                old: "    let store = ingest.app.users.store();\n",
                new: "    let store = ingest.app.users.store();\n    \
                  {\n        \
                  let mut tx = store.begin_for_account(delivery.provider, &item.account).await?;\n        \
                  if let Some(user) = users::find_user_by_connection(\n            \
                  &mut tx, delivery.provider, &item.account).await? {\n            \
                  tx.act_for(user).await?;\n            \
                  if deliveries::find_delivery(&mut tx, user, delivery).await?.is_none() {\n                \
                  let remembered = Remembered { event: \"create\", outcome: \"created\",\n                    \
                  workout: None, headers: kept.headers, body: &kept.body };\n                \
                  deliveries::insert_delivery(&mut tx, user, delivery, remembered).await?;\n                \
                  tx.commit().await?;\n            \
                  } else {\n                \
                  tx.commit().await?;\n                \
                  return Ok(Receipt { workout_id: None, outcome: \"duplicate\" });\n            \
                  }\n        }\n    }\n",
            },
            Edit {
                file: WEBHOOK,
                old: "deliveries::insert_delivery(tx, user, delivery, remembered).await?;",
                new: "let _ = remembered;",
            },
            Edit {
                file: WEBHOOK,
                old: "if let Some(workout_id) = deliveries::find_delivery(tx, user, delivery).await? {",
                new: "if let (true, Some(workout_id)) = (false, Some(None)) {",
            },
        ],
    },
    Ablation {
        name: "the answer does not wait for the commit",
        edits: &[Edit {
            file: APP,
            old: "        let done = settle(tx, outcome).await?;\n",
            new: "        let done = outcome?;\n        drop(tokio::spawn(tx.commit()));\n",
        }],
    },
    Ablation {
        name: "a doorbell that was not rung is forgotten, and the sweep does nothing",
        edits: &[
            Edit {
                file: "shared/platform/src/doorbell.rs",
                old: "                Vec::new()\n",
                new: "                runs\n",
            },
            NO_SWEEP,
        ],
    },
    Ablation {
        name: "a dead letter is believed however much happened to its run since",
        edits: &[Edit {
            file: SETTLE,
            old: "    AND updated_at < clock_timestamp() - make_interval(secs => $5::float8)\n",
            new: "    AND $5::float8 > 0\n",
        }],
    },
    Ablation {
        name: "a dead letter that cannot be read is acknowledged",
        edits: &[Edit {
            file: BATCH,
            old: "it is kept for a person\"\n            );\n            failed.push(id);",
            new: "it is kept for a person\"\n            );",
        }],
    },
    Ablation {
        name: "whoever finds a token too old refreshes it",
        edits: &[Edit {
            file: "shared/store/queries/connections/claim_refresh.sql",
            old: "    AND token_version = $2::bigint\n    AND status = 'connected'\n    AND (refresh_claim IS NULL OR refresh_claim_expires_at < clock_timestamp())\n",
            new: "    AND $2::bigint IS NOT NULL\n",
        }],
    },
    Ablation {
        name: "a fetch brings its answer in without its claim",
        edits: &[Edit {
            file: "shared/store/queries/stages/finish_fetch.sql",
            old: "    AND claim_token = $2::uuid\n",
            new: "    AND $2::uuid IS NOT NULL\n",
        }],
    },
    Ablation {
        name: "a panic within a computation is not caught",
        edits: &[Edit {
            file: ENGINE,
            old: "    let output = catch_unwind(AssertUnwindSafe(|| {\n        faults::stage_panic(S::NAME);\n        S::compute(input)\n    }))",
            new: "    let output = Ok::<_, ()>({\n        faults::stage_panic(S::NAME);\n        S::compute(input)\n    })",
        }],
    },
    Ablation {
        name: "an erasure does not part what several providers told",
        edits: &[Edit {
            file: "shared/store/src/erasures.rs",
            old: "if !erasure.keeps_workouts {",
            new: "if erasure.keeps_workouts {",
        }],
    },
    Ablation {
        name: "a source that changes stays where it was merged",
        edits: &[Edit {
            file: "shared/store/src/ingest.rs",
            old: "if shared.is_some() || around.has_neighbour",
            new: "if shared.is_none() && around.has_neighbour",
        }],
    },
    Ablation {
        name: "an access that is refused is erased though nobody ended it",
        edits: &[Edit {
            file: "shared/store/queries/erasures/is_deauthorised.sql",
            old: "    AND r.doubted_at IS NOT NULL",
            new: "    AND (r.doubted_at IS NOT NULL OR true)",
        }],
    },
    Ablation {
        name: "an edit of a plan keeps nothing of what was asked",
        edits: &[Edit {
            file: "shared/store/queries/plans/update_plan.sql",
            old: "    WHERE w.id = held.id AND w.plan_snapshot IS NULL",
            new: "    WHERE w.id = held.id AND w.plan_snapshot IS NULL AND false",
        }],
    },
    Ablation {
        name: "a link that changes raises no generation",
        edits: &[Edit {
            file: "shared/store/src/attach.rs",
            old: "        renew(tx, user, workout.workout_id).await?;\n",
            new: "",
        }],
    },
    Ablation {
        name: "what terms forbid to show is shown",
        edits: &[Edit {
            file: "shared/store/src/reads.rs",
            old: "        self.computed = None;\n        let withheld",
            new: "        let withheld",
        }],
    },
];

type Failure = Box<dyn std::error::Error>;

/// Files with what they held and what they hold in an edited tree.
type Edited = BTreeMap<PathBuf, (String, String)>;

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli) -> Result<bool, Failure> {
    let mut out = io::stdout();
    let chosen: Vec<&Ablation> = ABLATIONS
        .iter()
        .filter(|ablation| ablation.name.contains(&cli.name))
        .collect();
    if chosen.is_empty() {
        return Err(format!("no ablation's name contains {:?}", cli.name).into());
    }
    if cli.list {
        for ablation in chosen {
            writeln!(out, "{}", ablation.name)?;
        }
        return Ok(true);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()?;
    let copy = Copy(root.join("target/ablations"));
    copy.refresh(&root)?;
    // All are tried at once, before an hour of building ends at one that no longer fits.
    let edited: Vec<Edited> = chosen
        .iter()
        .map(|ablation| edited(&copy.tree(), ablation))
        .collect::<Result<_, _>>()?;

    if !cli.no_control {
        eprintln!("control: the tree as it is");
        let red = copy.red_tests(cli)?;
        if !red.is_empty() {
            return Err(format!("red without any ablation: {}", red.join(", ")).into());
        }
    }
    writeln!(out, "| taken away | red | seconds |\n|---|---|---|")?;
    let mut all_noticed = true;
    for (number, (ablation, edited)) in chosen.iter().zip(&edited).enumerate() {
        eprintln!("{}/{}: {}", number + 1, chosen.len(), ablation.name);
        let begun = Instant::now();
        write_all(edited, |(_, after)| after)?;
        let red = copy.red_tests(cli);
        write_all(edited, |(before, _)| before)?;
        let red = red?;
        all_noticed &= !red.is_empty();
        let noticed = if red.is_empty() {
            "**NOT NOTICED**".to_owned()
        } else {
            red.join(", ")
        };
        let seconds = begun.elapsed().as_secs();
        writeln!(out, "| {} | {noticed} | {seconds} |", ablation.name)?;
        out.flush()?;
    }
    Ok(all_noticed)
}

fn write_all(files: &Edited, which: impl Fn(&(String, String)) -> &String) -> io::Result<()> {
    files
        .iter()
        .try_for_each(|(file, texts)| fs::write(file, which(texts)))
}

/// What an ablation makes of the files that it edits.
fn edited(tree: &Path, ablation: &Ablation) -> Result<Edited, Failure> {
    let mut files = Edited::new();
    for edit in ablation.edits {
        let file = tree.join(edit.file);
        if !files.contains_key(&file) {
            let text = fs::read_to_string(&file)?;
            files.insert(file.clone(), (text.clone(), text));
        }
        if let Some((_, text)) = files.get_mut(&file) {
            if text.matches(edit.old).count() != 1 {
                let (name, file) = (ablation.name, edit.file);
                return Err(format!("{name}: {file} does not have its text once").into());
            }
            *text = text.replace(edit.old, edit.new);
        }
    }
    Ok(files)
}

/// The copy of the tree, and beside it what Cargo makes of it.
struct Copy(PathBuf);

impl Copy {
    fn tree(&self) -> PathBuf {
        self.0.join("tree")
    }

    /// Copies what git tracks, so that a copy is what a clone would be.
    fn refresh(&self, root: &Path) -> Result<(), Failure> {
        let listed = Command::new("git")
            .args(["ls-files", "-z"])
            .current_dir(root)
            .output()?;
        for file in String::from_utf8(listed.stdout)?
            .split('\0')
            .filter(|file| !file.is_empty())
        {
            let (from, to) = (root.join(file), self.tree().join(file));
            let Ok(content) = fs::read(&from) else {
                continue;
            };
            // A file that is the same keeps its time, so that Cargo does not build it again.
            if fs::read(&to).is_ok_and(|known| known == content) {
                continue;
            }
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(to, content)?;
        }
        Ok(())
    }

    /// Builds and runs one guard after the other until enough tests are red, and answers which.
    fn red_tests(&self, cli: &Cli) -> Result<Vec<String>, Failure> {
        let mut red = Vec::new();
        for guard in GUARDS {
            let executable = self.build(guard)?;
            red.extend(self.run(guard, &executable, cli)?);
            if !red.is_empty() && !cli.all {
                break;
            }
        }
        Ok(red)
    }

    /// Builds a guard and answers where its binary is.
    fn build(&self, guard: &str) -> Result<PathBuf, Failure> {
        let begun = Instant::now();
        // What the compiler says is shown, because an edit that does not build proves nothing.
        let built = Command::new(env!("CARGO"))
            .current_dir(self.tree())
            .env("CARGO_TARGET_DIR", self.0.join("target"))
            .args([
                "test", "-p", "tests", "--no-run", "--quiet", "--test", guard,
            ])
            .arg("--message-format=json-render-diagnostics")
            .stderr(Stdio::inherit())
            .output()?;
        if !built.status.success() {
            return Err("the edited tree does not build".into());
        }
        eprintln!("  {guard}: built in {} s", begun.elapsed().as_secs());
        let artifact = String::from_utf8(built.stdout)?
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|message| {
                message
                    .pointer("/target/name")
                    .is_some_and(|name| name == guard)
            })
            .find_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?)));
        artifact.ok_or_else(|| format!("cargo does not say where {guard} is").into())
    }

    /// Runs a guard for as long as it may, and answers its red tests.
    fn run(&self, guard: &str, executable: &Path, cli: &Cli) -> Result<Vec<String>, Failure> {
        let begun = Instant::now();
        let mut child = Command::new(executable)
            .current_dir(self.tree().join("tests"))
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let group = Pid::from_child(&child);
        let (said, lines) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                BufReader::new(stdout)
                    .lines()
                    .map_while(Result::ok)
                    .try_for_each(|line| said.send(line))
            });
        }

        let mut heard = Heard::default();
        let end = begun + Duration::from_secs(cli.seconds);
        let (mut hangs, mut kill) = (false, false);
        while !kill {
            match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => heard.listen(guard, &line),
                Err(RecvTimeoutError::Timeout) => hangs = true,
                Err(RecvTimeoutError::Disconnected) => break,
            }
            kill = hangs || (!cli.all && heard.red.len() >= cli.enough.max(1));
        }
        if kill {
            // What it started dies with it.
            kill_process_group(group, Signal::KILL)?;
        }
        let passed = child.wait()?.success();
        let mut red = heard.red;
        if hangs {
            let still = Vec::from_iter(heard.slow).join(" and ");
            red.push(format!("{guard} hangs after {} s in {still}", cli.seconds));
        } else if !passed && red.is_empty() {
            red.push(format!("{guard} died"));
        }
        let seconds = begun.elapsed().as_secs();
        eprintln!("  {guard}: {} red after {seconds} s", red.len());
        Ok(red)
    }
}

/// What a test binary said so far.
#[derive(Debug, Default)]
struct Heard {
    red: Vec<String>,
    /// The tests that it waits for.
    slow: BTreeSet<String>,
}

impl Heard {
    fn listen(&mut self, guard: &str, line: &str) {
        let Some(line) = line.strip_prefix("test ") else {
            return;
        };
        if let Some((test, _)) = line.split_once(" has been running for over") {
            self.slow.insert(test.to_owned());
        } else if let Some((test, outcome)) = line.split_once(" ... ") {
            self.slow.remove(test);
            if outcome.starts_with("FAILED") {
                eprintln!("  red: {guard}::{test}");
                self.red.push(format!("{guard}::{test}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A refactoring moves a mechanism, and the ablation has to follow it.
    #[test]
    fn every_ablation_fits_the_tree() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for ablation in &ABLATIONS {
            let files = edited(&root, ablation).unwrap();
            assert!(!files.is_empty(), "{}", ablation.name);
        }
    }
}
