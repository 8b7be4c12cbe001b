//! Each statement from each prior state, on real PostgreSQL.
//!
//! What is expected comes from the guards of [`crate::ledger`] and the transition table; what is
//! observed, from the functions of `store` in the role of the function that calls them.

use crate::ledger::{Guards, Nature, Row, request};
use crate::postgres::{Ledger, MOST_ATTEMPTS};
use domain::stage::{Move, StageStatus, TRANSITIONS};
use store::StoreError;

const MINE: u8 = 1;
const OTHER: u8 = 2;
const WANTED: u8 = 3;

/// What a row looked like before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prior {
    None,
    Pending,
    Claimed,
    Expired,
    Complete,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempts {
    Left,
    /// The attempt that may be the last is under way, or was.
    Spent,
}

/// The generation that a statement speaks of, beside the one that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Generation {
    Older,
    Equal,
    Newer,
}

/// Which generation has a result already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    Nothing,
    /// The one before the wanted one.
    Before,
    /// The wanted one, as after a claim that somebody made by hand.
    Wanted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Statement {
    Request(Generation),
    Claim,
    Finish {
        token: u8,
        generation: Generation,
    },
    Fail {
        token: u8,
        generation: Generation,
        nature: Nature,
    },
    Rescue,
    SettleDeadLetter {
        stale: bool,
    },
    Redrive {
        generation: Generation,
        stale: bool,
    },
    Recompute {
        outdated: bool,
    },
}

impl Prior {
    const ALL: [Self; 6] = [
        Self::None,
        Self::Pending,
        Self::Claimed,
        Self::Expired,
        Self::Complete,
        Self::Failed,
    ];

    /// The row, or nothing where there is none; `Err` where the parts contradict each other.
    fn row(self, attempts: Attempts, done: Done) -> Result<Option<Row>, ()> {
        let status = match self {
            Self::None if attempts == Attempts::Left && done == Done::Nothing => return Ok(None),
            Self::None => return Err(()),
            Self::Complete if done != Done::Wanted => return Err(()),
            Self::Pending => StageStatus::Pending,
            Self::Claimed | Self::Expired => StageStatus::Processing,
            Self::Complete => StageStatus::Complete,
            Self::Failed => StageStatus::Failed,
        };
        Ok(Some(Row {
            wanted: WANTED,
            done: match done {
                Done::Nothing => 0,
                Done::Before => WANTED - 1,
                Done::Wanted => WANTED,
            },
            status,
            attempt: match attempts {
                Attempts::Left => 1,
                Attempts::Spent => MOST_ATTEMPTS,
            },
            token: (status == StageStatus::Processing).then_some(MINE),
            expired: self == Self::Expired,
            rung: true,
        }))
    }
}

impl Generation {
    const ALL: [Self; 3] = [Self::Older, Self::Equal, Self::Newer];

    fn number(self) -> u8 {
        match self {
            Self::Older => WANTED - 1,
            Self::Equal => WANTED,
            Self::Newer => WANTED + 1,
        }
    }
}

impl Statement {
    fn all() -> Vec<Self> {
        let mut all = vec![Self::Claim, Self::Rescue];
        for either in [false, true] {
            all.push(Self::SettleDeadLetter { stale: either });
            all.push(Self::Recompute { outdated: either });
        }
        for generation in Generation::ALL {
            for stale in [false, true] {
                all.push(Self::Redrive { generation, stale });
            }
            all.push(Self::Request(generation));
            // Where the row has no token, `MINE` is the one that this worker has lost.
            for token in [MINE, OTHER] {
                all.push(Self::Finish { token, generation });
                for nature in [Nature::Passing, Nature::Permanent] {
                    all.push(Self::Fail {
                        token,
                        generation,
                        nature,
                    });
                }
            }
        }
        all
    }

    /// What must happen to a row; answers the move, or nothing where no row may change.
    fn expect(self, row: &mut Option<Row>) -> Option<Move> {
        let generation = |generation: Generation| generation.number();
        match (self, row.as_mut()) {
            (Self::Request(wanted), _) => request(row, generation(wanted)),
            (_, None) => None,
            (Self::Claim, Some(row)) => row.claim(OTHER, MOST_ATTEMPTS),
            (
                Self::Finish {
                    token,
                    generation: computed,
                },
                Some(row),
            ) => row.finish(Guards::ALL, token, generation(computed)),
            (
                Self::Fail {
                    token,
                    generation: claimed,
                    nature,
                },
                Some(row),
            ) => row.fail(
                Guards::ALL,
                token,
                generation(claimed),
                nature,
                MOST_ATTEMPTS,
            ),
            (Self::Rescue, Some(row)) => row.rescue(MOST_ATTEMPTS),
            (Self::SettleDeadLetter { stale }, Some(row)) => row.settle_dead_letter(stale),
            (
                Self::Redrive {
                    generation: listed,
                    stale,
                },
                Some(row),
            ) => row.redrive(generation(listed), stale),
            (Self::Recompute { outdated }, Some(row)) => row.recompute(outdated),
        }
    }

    /// Runs it, and answers whether it says that it did something, where it says so.
    async fn run(self, ledger: &mut Ledger) -> Result<Option<bool>, StoreError> {
        Ok(match self {
            Self::Request(wanted) => {
                ledger.request(wanted.number()).await;
                None
            }
            Self::Claim => Some(ledger.claim(OTHER).await.is_some()),
            Self::Finish { token, generation } => {
                Some(ledger.finish(token, generation.number()).await?.is_some())
            }
            Self::Fail {
                token,
                generation,
                nature,
            } => Some(
                ledger
                    .fail(token, generation.number(), nature)
                    .await
                    .is_some(),
            ),
            Self::Rescue => Some(ledger.rescue().await == 1),
            Self::SettleDeadLetter { stale } => Some(ledger.settle_dead_letter(stale).await),
            Self::Redrive { generation, stale } => {
                Some(ledger.redrive(generation.number(), stale).await)
            }
            Self::Recompute { outdated } => Some(ledger.recompute(outdated).await == 1),
        })
    }
}

/// What came out of all cells.
#[derive(Debug, Default)]
struct Matrix {
    cells: usize,
    made: Vec<(Option<StageStatus>, Move, StageStatus)>,
    wrong: Vec<String>,
}

impl Matrix {
    /// 8 statements × 6 states before × tokens × generations × attempts × results there already.
    async fn fill(ledger: &mut Ledger) -> Self {
        let mut matrix = Self::default();
        for prior in Prior::ALL {
            for attempts in [Attempts::Left, Attempts::Spent] {
                for done in [Done::Nothing, Done::Before, Done::Wanted] {
                    let Ok(before) = prior.row(attempts, done) else {
                        continue;
                    };
                    for statement in Statement::all() {
                        let cell = format!("{prior:?} {attempts:?} {done:?} {statement:?}");
                        matrix.fill_cell(ledger, &cell, before, statement).await;
                    }
                }
            }
        }
        matrix
    }

    async fn fill_cell(
        &mut self,
        ledger: &mut Ledger,
        cell: &str,
        before: Option<Row>,
        statement: Statement,
    ) {
        self.cells += 1;
        ledger.put(before).await;
        let was = ledger.look().await;
        let answered = statement.run(ledger).await;
        let is = ledger.look().await;

        let mut expected = before;
        let what = statement.expect(&mut expected);
        if is.as_ref().map(|seen| seen.row) != expected {
            self.wrong
                .push(format!("{cell}: expected {expected:?}, got {is:?}"));
        }
        match answered {
            Ok(None) => {}
            Ok(Some(answered)) if answered == what.is_some() => {}
            Ok(Some(_)) | Err(_) => {
                self.wrong
                    .push(format!("{cell}: answered {answered:?} for {what:?}"));
            }
        }
        match what {
            None if was != is => self.wrong.push(format!("{cell}: {was:?} became {is:?}")),
            None => {}
            Some(what) => {
                let to = expected.expect("a row").status;
                self.made.push((before.map(|row| row.status), what, to));
            }
        }
    }
}

#[tokio::test]
async fn every_statement_does_from_every_state_what_the_transition_table_says() {
    let mut ledger = Ledger::new().await;

    let Matrix { cells, made, wrong } = Matrix::fill(&mut ledger).await;

    assert!(
        wrong.is_empty(),
        "{} of {cells} cells: {wrong:#?}",
        wrong.len()
    );
    for arrow in TRANSITIONS {
        assert!(made.contains(&arrow), "no cell makes the move {arrow:?}");
    }
    for arrow in &made {
        assert!(
            TRANSITIONS.contains(arrow),
            "the table has no arrow {arrow:?}"
        );
    }
    eprintln!("{cells} cells, {} of them moves", made.len());
}

/// A matrix that cannot fail would prove nothing.
#[tokio::test]
async fn a_finish_that_lacks_one_of_its_guards_is_noticed() {
    let mut ledger = Ledger::new().await;

    let guards = [
        ("AND claim_token = p_claim_token", ""),
        ("AND done <= p_generation", ""),
        ("AND wanted >= p_generation", ""),
        (
            "WHEN wanted > p_generation THEN 'pending'",
            "WHEN false THEN 'pending'",
        ),
    ];

    for (guard, without) in guards {
        let whole = ledger.replace_in_finish(guard, without).await;
        let Matrix { wrong, .. } = Matrix::fill(&mut ledger).await;
        ledger.run(whole).await;

        assert!(!wrong.is_empty(), "nobody misses `{guard}`");
        assert!(
            wrong.iter().all(|cell| cell.contains("Finish")),
            "{wrong:#?}"
        );
        eprintln!("without `{guard}` {} cells are wrong", wrong.len());
    }
}

#[tokio::test]
async fn rows_that_the_protocol_forbids_are_refused_by_a_constraint_of_that_name() {
    let mut ledger = Ledger::new().await;
    let row = |prior: Prior, done| {
        prior
            .row(Attempts::Left, done)
            .expect("parts that agree")
            .expect("a row")
    };
    let pending = row(Prior::Pending, Done::Before);
    let claimed = row(Prior::Claimed, Done::Before);
    let complete = row(Prior::Complete, Done::Wanted);
    let failed = row(Prior::Failed, Done::Before);
    let token = Some(MINE);
    let error = Some("test: failed");

    let illegal = [
        (Row { token, ..pending }, None, "processing_has_claim"),
        (Row { token, ..complete }, None, "processing_has_claim"),
        (Row { token, ..failed }, error, "processing_has_claim"),
        (
            Row {
                token: None,
                ..claimed
            },
            None,
            "processing_has_claim",
        ),
        (
            Row {
                done: WANTED - 1,
                ..complete
            },
            None,
            "complete_is_current",
        ),
        (
            Row {
                done: WANTED + 1,
                ..complete
            },
            None,
            "complete_is_current",
        ),
        (
            Row {
                done: WANTED + 1,
                ..pending
            },
            None,
            "done_not_ahead",
        ),
        (failed, None, "failed_has_error"),
        (pending, error, "failed_has_error"),
        (claimed, error, "failed_has_error"),
        (complete, error, "failed_has_error"),
    ];

    for (row, error, constraint) in illegal {
        ledger.put(None).await;
        assert_eq!(
            ledger.write(row, error).await,
            Err(constraint.to_owned()),
            "{row:?} {error:?}"
        );
    }
}

#[tokio::test]
async fn no_column_of_a_row_can_be_changed_into_what_no_protocol_writes() {
    let mut ledger = Ledger::new().await;
    ledger
        .put(
            Prior::Pending
                .row(Attempts::Left, Done::Before)
                .expect("parts that agree"),
        )
        .await;

    let illegal = [
        ("UPDATE stage_runs SET status = 'done'", "status_known"),
        ("UPDATE stage_runs SET stage = 'weather'", "stage_known"),
        (
            "UPDATE stage_runs SET claim_expires_at = now()",
            "claim_has_deadline",
        ),
        (
            "UPDATE stage_runs SET status = 'processing', claim_token = gen_random_uuid()",
            "claim_has_deadline",
        ),
        (
            "UPDATE stage_runs SET result = NULL, version = NULL",
            "done_has_result",
        ),
        ("UPDATE stage_runs SET done = 0", "done_has_result"),
        ("UPDATE stage_runs SET version = NULL", "result_has_version"),
        ("UPDATE stage_runs SET attempt = -1", "attempt_not_negative"),
    ];

    for (statement, constraint) in illegal {
        assert_eq!(ledger.refusal(statement).await, constraint, "{statement}");
    }
}
