//! Jobs under somebody else's `make -jN`: one budget for all, by make's jobserver protocol.
//!
//! Source: GNU make manual, "Sharing Job Slots with GNU make", make 4.3 and 4.4.

use jobserver::{Acquired, Client};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// What make, if it started us, lets us do.
#[derive(Debug)]
pub(crate) enum Budget {
    /// No make with a job budget started us.
    Own,
    /// We take slots from its budget.
    Shared {
        client: Client,
        /// Whether the one slot that every child of make has is taken.
        own_slot: AtomicBool,
    },
    /// It has a budget and keeps it from us: the recipe that runs us is not marked with `+`.
    Withheld,
}

/// A slot for one job, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Slot(Held);

#[derive(Debug)]
enum Held {
    Nothing,
    /// The slot that a child of make has without asking.
    Own(&'static AtomicBool),
    Token(#[expect(dead_code, reason = "it is given back when it is dropped")] Acquired),
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Held::Own(taken) = &self.0 {
            taken.store(false, Ordering::Release);
        }
    }
}

static BUDGET: OnceLock<Budget> = OnceLock::new();

impl Budget {
    /// The budget of this process.
    pub(crate) fn get() -> &'static Self {
        BUDGET.get_or_init(Self::from_env)
    }

    fn from_env() -> Self {
        let flags = std::env::var("MAKEFLAGS").unwrap_or_default();
        if !flags.contains("--jobserver-") {
            return Self::Own;
        }
        // SAFETY: the file descriptors in `MAKEFLAGS` are make's, and nothing in this process has
        // opened others in their place: this runs before any job, and only inherited ones are open
        // at numbers below those of ours. They are checked to be pipes.
        #[expect(unsafe_code, reason = "the protocol hands file descriptors over as numbers")]
        let found = unsafe { Client::from_env_ext(true) };
        match found.client {
            Ok(client) => Self::Shared { client, own_slot: AtomicBool::new(false) },
            Err(_) => Self::Withheld,
        }
    }

    /// Waits for a slot. Where the protocol fails, make is gone, and there is no budget any more.
    pub(crate) fn slot(&'static self) -> Slot {
        let Self::Shared { client, own_slot } = self else {
            return Slot(Held::Nothing);
        };
        if !own_slot.swap(true, Ordering::Acquire) {
            return Slot(Held::Own(own_slot));
        }
        Slot(client.acquire().map_or(Held::Nothing, Held::Token))
    }

    /// As many slots as are free now, at most `most` and at least one.
    pub(crate) fn slots(&'static self, most: usize) -> Vec<Slot> {
        let mut slots = vec![self.slot()];
        if let Self::Shared { client, .. } = self {
            while slots.len() < most
                && let Ok(Some(token)) = client.try_acquire()
            {
                slots.push(Slot(Held::Token(token)));
            }
        }
        slots
    }

    /// Lets a make of ours take part.
    pub(crate) fn share(&self, command: &mut Command) {
        if let Self::Shared { client, .. } = self {
            client.configure_make(command);
        }
    }

    /// Whether a make of ours gets its jobs from this budget.
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self, Self::Shared { .. })
    }
}

/// Jobs at once where nobody said how many: one for each processor, and one where make has a budget
/// that it keeps from us.
#[must_use]
pub fn default_jobs() -> usize {
    match Budget::get() {
        Budget::Withheld => 1,
        Budget::Own | Budget::Shared { .. } => {
            std::thread::available_parallelism().map_or(1, usize::from)
        }
    }
}
