//! The statements on one row, in Rust: what PostgreSQL must do, and what the protocol does.

use domain::stage::{Move, StageStatus};

/// One row of the ledger, as far as its statements look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) wanted: u8,
    /// The generation of the stored result; 0 is none.
    pub(crate) done: u8,
    pub(crate) status: StageStatus,
    pub(crate) attempt: u8,
    pub(crate) token: Option<u8>,
    /// Whether the claim's deadline has passed.
    pub(crate) expired: bool,
    /// Whether a doorbell is believed to be on its way.
    pub(crate) rung: bool,
}

/// The guards of the statements; the ledger has them all, and the broken variants do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Guards {
    /// A finish or a failure needs the row's token.
    pub(crate) token: bool,
    /// A finish looks whether a newer generation is wanted, and never writes over a newer result.
    pub(crate) superseded: bool,
}

impl Guards {
    pub(crate) const ALL: Self = Self {
        token: true,
        superseded: true,
    };
}

/// How a worker's try ended without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Nature {
    Passing,
    Permanent,
}

/// Asks for a generation; answers the move, or nothing when no row changes.
pub(crate) fn request(row: &mut Option<Row>, generation: u8) -> Option<Move> {
    let before = row.map(|row| row.status);
    match row {
        Some(row) if row.wanted >= generation => return None,
        Some(row) => {
            row.wanted = generation;
            row.attempt = 0;
            row.rung = true;
            row.turn(Move::Request);
        }
        None => {
            *row = Move::Request.after(before).map(|status| Row {
                wanted: generation,
                done: 0,
                status,
                attempt: 0,
                token: None,
                expired: false,
                rung: true,
            });
        }
    }
    Some(Move::Request)
}

impl Row {
    /// Whether nothing more has to happen, and what is there is what was asked for.
    pub(crate) fn is_settled(self) -> bool {
        match self.status {
            StageStatus::Pending | StageStatus::Processing => false,
            StageStatus::Complete => self.done == self.wanted,
            StageStatus::Failed => true,
        }
    }

    /// Gives the run to a worker, if it may be had.
    pub(crate) fn claim(&mut self, token: u8, most_attempts: u8) -> Option<Move> {
        let free = match self.status {
            StageStatus::Pending => true,
            StageStatus::Processing => self.expired,
            StageStatus::Complete | StageStatus::Failed => false,
        };
        if !free || self.attempt >= most_attempts {
            return None;
        }
        self.take(token);
        self.attempt += 1;
        Some(Move::Claim)
    }

    /// Gives the run to a worker without asking whether it may be had.
    pub(crate) fn take(&mut self, token: u8) {
        self.turn(Move::Claim);
        self.token = Some(token);
        self.expired = false;
    }

    /// Ends a claim with the result of a generation.
    pub(crate) fn finish(&mut self, guards: Guards, token: u8, generation: u8) -> Option<Move> {
        if guards.token && self.token != Some(token) {
            return None;
        }
        if guards.superseded && !(self.done..=self.wanted).contains(&generation) {
            return None;
        }
        self.done = generation;
        if guards.superseded && self.wanted > generation {
            self.attempt = 0;
            self.rung = false;
            Some(self.end(Move::FinishSuperseded))
        } else {
            Some(self.end(Move::Finish))
        }
    }

    /// Ends a claim without a result; `claimed` is the generation that was wanted at its begin.
    pub(crate) fn fail(
        &mut self,
        guards: Guards,
        token: u8,
        claimed: u8,
        nature: Nature,
        most_attempts: u8,
    ) -> Option<Move> {
        if guards.token && self.token != Some(token) {
            return None;
        }
        if self.wanted > claimed {
            self.rung = false;
        }
        let last = nature == Nature::Permanent || self.attempt >= most_attempts;
        let outcome = if self.wanted == claimed && last {
            Move::GiveUp
        } else {
            Move::Retry
        };
        Some(self.end(outcome))
    }

    /// Takes the run back from a worker whose deadline has passed.
    pub(crate) fn rescue(&mut self, most_attempts: u8) -> Option<Move> {
        if self.status != StageStatus::Processing || !self.expired {
            return None;
        }
        self.rung = false;
        let spent = self.attempt >= most_attempts;
        Some(self.end(if spent {
            Move::RescueSpent
        } else {
            Move::Rescue
        }))
    }

    /// Fails a run whose doorbells nobody answered; `stale` when nothing happened to it for so long.
    pub(crate) fn settle_dead_letter(&mut self, stale: bool) -> Option<Move> {
        if self.status != StageStatus::Pending || !stale || !self.rung {
            return None;
        }
        Some(self.end(Move::SettleDeadLetter))
    }

    /// Wants a failed run again, or one that is stale and held by nobody alive.
    pub(crate) fn redrive(&mut self, generation: u8, stale: bool) -> Option<Move> {
        let meant = match self.status {
            StageStatus::Failed => true,
            StageStatus::Pending => stale,
            StageStatus::Processing => stale && self.expired,
            StageStatus::Complete => false,
        };
        if !meant || self.wanted != generation {
            return None;
        }
        self.attempt = 0;
        self.rung = false;
        Some(self.end(Move::Redrive))
    }

    /// Wants a complete run again whose result is of an older algorithm.
    pub(crate) fn recompute(&mut self, outdated: bool) -> Option<Move> {
        if self.status != StageStatus::Complete || !outdated {
            return None;
        }
        self.attempt = 0;
        self.rung = false;
        Some(self.end(Move::Recompute))
    }

    fn end(&mut self, outcome: Move) -> Move {
        self.turn(outcome);
        self.token = None;
        self.expired = false;
        outcome
    }

    /// Moves to where the transition table says.
    ///
    /// A variant without its guards may move from anywhere; it then writes what the move writes
    /// from `processing`, and the protocol notices that the table has no such arrow.
    fn turn(&mut self, what: Move) {
        let to = what
            .after(Some(self.status))
            .or(what.after(Some(StageStatus::Processing)));
        self.status = to.unwrap_or(self.status);
    }
}
