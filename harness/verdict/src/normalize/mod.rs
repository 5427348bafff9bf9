//! Names without what the build, not the code, put into them.
//!
//! The raw name always stays beside the canonical one.

mod counted;
mod namesakes;
mod pasted;
mod symbol;

pub(crate) use namesakes::told_apart;
pub use pasted::{Becomes, PASTING, PastingMacro};
pub use symbol::{Canonical, canonical};
