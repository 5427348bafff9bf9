//! Names without what the build, not the code, put into them.
//!
//! The raw name always stays beside the canonical one.

mod symbol;

pub use symbol::{Canonical, canonical};
