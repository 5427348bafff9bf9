//! What an option or a key of a finding means, for whoever met one.

mod key;
mod option;

pub use key::{KeyExplained, explain_key};
pub use option::{OptionExplained, OptionFinding, explain_option};
