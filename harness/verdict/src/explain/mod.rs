//! What an option or a key of a finding means, for whoever met one.

mod key;
mod live;
mod option;

pub use key::{KeyExplained, explain_key};
pub use live::{LiveExplained, every_live, explain_live};
pub use option::{OptionExplained, OptionFinding, explain_option};
