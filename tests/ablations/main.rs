//! Takes one mechanism of the protocol away at a time, and requires that a test notices.
//!
//! `cargo run -p tests --bin ablations` copies the tree to `target/ablations`, edits the copy, and
//! runs the tests that guard the protocol. It prints what was taken away and which tests turned
//! red, and fails when none did. An edit whose text is no longer in the tree is an error too. A
//! word after the command chooses the ablations whose name contains it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

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

/// The tests that guard the protocol.
const GUARDS: [&str; 2] = ["pipeline", "faults"];

const ENGINE: &str = "shared/platform/src/stage.rs";
const LEDGER: &str = "migrations/0006_create_stage_runs.up.sql";
const SWEEP: &str = "functions/sweep-stages/src/lib.rs";
const BATCH: &str = "shared/platform/src/batch.rs";
const SETTLE: &str = "shared/store/queries/stages/settle_dead_letter.sql";
const WEBHOOK: &str = "functions/ingest-activity/src/webhook.rs";

const NO_SWEEP: Edit = Edit {
    file: SWEEP,
    old: "let size = LIMITS.sweep_size;",
    new: "let size = LIMITS.sweep_size * 0;",
};

const ABLATIONS: [Ablation; 15] = [
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
                  stages::try_lock_stage(&mut lock, claim.run).await?;\n    \
                  lock.commit().await?;\n    \
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
                  deliveries::insert_delivery(\n                    \
                  &mut tx, user, delivery, \"create\", \"created\", None).await?;\n                \
                  tx.commit().await?;\n            \
                  } else {\n                \
                  tx.commit().await?;\n                \
                  return Ok(http::json(StatusCode::OK, &Receipt {\n                    \
                  workout_id: None, outcome: \"duplicate\" }));\n            \
                  }\n        }\n    }\n",
            },
            Edit {
                file: WEBHOOK,
                old: "deliveries::insert_delivery(tx, user, delivery, event, outcome, ingested.workout_id).await?;",
                new: "let _ = (event, outcome);",
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
            file: "shared/platform/src/app.rs",
            old: "        tx.commit().await?;\n        crate::faults",
            new: "        drop(tx.commit().await);\n        crate::faults",
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
        name: "a panic within a computation is not caught",
        edits: &[Edit {
            file: ENGINE,
            old: "    let output = catch_unwind(AssertUnwindSafe(|| {\n        faults::stage_panic(S::NAME);\n        S::compute(input)\n    }))",
            new: "    let output = Ok::<_, ()>({\n        faults::stage_panic(S::NAME);\n        S::compute(input)\n    })",
        }],
    },
];

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, Failure> {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let chosen: Vec<&Ablation> = ABLATIONS
        .iter()
        .filter(|ablation| ablation.name.contains(&wanted))
        .collect();
    if chosen.is_empty() {
        return Err(format!("no ablation's name contains {wanted:?}").into());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()?;
    let copy = root.join("target/ablations");
    let tree = copy.join("tree");
    copy_tree(&root, &tree)?;
    // All are tried at once, before an hour of building ends at one that no longer fits.
    for ablation in &chosen {
        restore(apply(&tree, ablation)?)?;
    }
    let mut out = io::stdout();
    let mut all_noticed = true;
    for (number, ablation) in chosen.iter().enumerate() {
        eprintln!("{}/{}: {}", number + 1, chosen.len(), ablation.name);
        let undo = apply(&tree, ablation)?;
        let red = red_tests(&copy);
        restore(undo)?;
        let red = red?;
        all_noticed &= !red.is_empty();
        let caught = if red.is_empty() {
            "NOT NOTICED".to_owned()
        } else {
            red.join(", ")
        };
        writeln!(out, "{} → {caught}", ablation.name)?;
    }
    Ok(all_noticed)
}

/// Puts files back as they were.
fn restore(undo: Vec<(PathBuf, String)>) -> io::Result<()> {
    undo.into_iter()
        .try_for_each(|(file, text)| fs::write(file, text))
}

/// Copies what git tracks, so that a copy is what a clone would be.
fn copy_tree(root: &Path, copy: &Path) -> Result<(), Failure> {
    let listed = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root)
        .output()?;
    for file in String::from_utf8(listed.stdout)?
        .split('\0')
        .filter(|file| !file.is_empty())
    {
        let (from, to) = (root.join(file), copy.join(file));
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

/// Applies an ablation and answers how the files were.
fn apply(tree: &Path, ablation: &Ablation) -> Result<Vec<(PathBuf, String)>, Failure> {
    let mut undo: Vec<(PathBuf, String)> = Vec::new();
    for edit in ablation.edits {
        let file = tree.join(edit.file);
        let text = fs::read_to_string(&file)?;
        if text.matches(edit.old).count() != 1 {
            return Err(
                format!("{}: {} is not there exactly once", ablation.name, edit.file).into(),
            );
        }
        fs::write(&file, text.replace(edit.old, edit.new))?;
        undo.insert(0, (file, text));
    }
    Ok(undo)
}

/// Builds the edited copy and answers the tests that fail.
fn red_tests(copy: &Path) -> Result<Vec<String>, Failure> {
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command
            .current_dir(copy.join("tree"))
            .env("CARGO_TARGET_DIR", copy.join("target"))
            .args(["test", "-p", "tests", "--no-fail-fast"])
            .args(GUARDS.iter().flat_map(|guard| ["--test", *guard]))
            .args(arguments);
        command
    };
    // What the compiler says is shown, because an edit that does not build proves nothing.
    if !cargo(&["--no-run", "--quiet"]).status()?.success() {
        return Err("the edited tree does not build".into());
    }
    let output = cargo(&[]).stderr(Stdio::null()).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let red = text
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    Ok(red.map(str::to_owned).collect())
}
