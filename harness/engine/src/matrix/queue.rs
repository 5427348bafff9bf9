//! Cells that wait, and those who take them.

use super::MatrixRequest;
use super::plan::{Run, Runs};
use super::state::{Kept, State};
use crate::error::EngineError;
use crate::process::interrupted;
use std::collections::VecDeque;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};
use twinlto_model::{Event, Wanted, count};

/// Why no further cell is begun.
pub(super) enum Stop {
    /// A cell was not as expected.
    Unexpected,
    /// Something that is no cell's.
    Error(EngineError),
}

/// Cells that wait for a worker.
pub(super) struct Queue {
    waiting: Mutex<VecDeque<usize>>,
    stop: Mutex<Option<Stop>>,
    many: usize,
}

impl Queue {
    pub(super) fn of(waiting: VecDeque<usize>) -> Self {
        Self { many: waiting.len(), waiting: Mutex::new(waiting), stop: Mutex::new(None) }
    }

    /// Why it ended before its time, if it did.
    pub(super) fn stopped(self) -> Option<Stop> {
        self.stop.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<(usize, usize)> {
        let stopped = self.stop.lock().is_ok_and(|stop| stop.is_some());
        if stopped || interrupted() {
            return None;
        }
        let mut waiting = self.waiting.lock().ok()?;
        let at = waiting.pop_front()?;
        Some((at, waiting.len()))
    }

    /// Takes cells until there is none.
    pub(super) fn work(
        &self,
        request: &MatrixRequest,
        runs: &Runs<'_>,
        state: &State,
        jobs: usize,
        sender: &Sender<Event>,
    ) {
        while let Some((at, left)) = self.take() {
            let Some(Run { planned, cell: Ok(cell), identity }) = runs.cells.get(at) else {
                continue;
            };
            let name = cell.name();
            let _closed = sender.send(Event::Tried {
                what: name.clone(),
                left: format!("{} of {}", self.many - left, count(self.many, "cell", "cells")),
            });
            let mut said = |event: Event| {
                state.says(&planned.id, &event);
                let _closed = sender.send(event);
            };
            let result = cell.run(request, state, jobs, &mut said);
            state.stops(&planned.id);
            let stop = match result {
                Ok(result) => {
                    let mut line = format!("{}: {}", result.outcome, result.summary);
                    // Beside others that run, it has to be said of which.
                    if request.at_once > 1 {
                        line = format!("{name}: {line}");
                    }
                    if let Some(wanted) = planned.wanted() {
                        let as_expected = if result.expected { "as " } else { "" };
                        let Wanted { outcome, reason } = wanted;
                        line.push_str(&format!(" ({as_expected}expected {outcome}: {reason})"));
                    }
                    let _closed = sender.send(Event::Answered { line });
                    let unexpected = !result.expected;
                    let kept = Kept { identity: identity.clone(), result };
                    match state.keep(&planned.id, &kept) {
                        Err(error) => Some(Stop::Error(error)),
                        Ok(()) => (unexpected && !request.keep_going).then_some(Stop::Unexpected),
                    }
                }
                Err(error) => Some(Stop::Error(error)),
            };
            if let (Some(stop), Ok(mut place)) = (stop, self.stop.lock()) {
                place.get_or_insert(stop);
                return;
            }
        }
    }
}
