//! Facts in, findings out: what differs between twins, whether it may, and why it does.
//!
//! Nothing here reads a file or runs a command.

mod artefacts;
mod builders;
mod change;
mod compare;
mod config;
mod counts;
mod coverage;
mod crc;
mod diagnostics;
mod diff;
mod elimination;
mod expect;
mod explain;
mod files;
mod follows;
pub mod inject;
mod irs;
mod judge;
mod layer;
pub mod lifecycle;
#[cfg(test)]
mod made;
mod makefiles;
pub mod matrix;
mod members;
mod merge;
mod natives;
mod normalize;
pub mod number;
mod planned;
mod reach;
mod records;
pub mod replay;
pub mod search;
mod snapshot;
mod transport;

pub use artefacts::artefacts;
pub use change::judge_change;
pub use compare::{Verdict, compare_any, compare_bitcode, compare_twins, judge_failed, judge_one};
pub use config::{lost_options, switch_mode};
pub use counts::{cell_counts, promoted_symbols};
pub use coverage::logs;
pub use crc::{Explained, TypeChange, Unexplained, type_changes};
pub use diagnostics::{Scope, diagnostics};
pub use diff::{LostFile, Sides};
pub use expect::{
    Compared, Date, ExpectError, Expectations, Severities, closest_key, every_key, known_keys,
    layer_of,
};
pub use explain::{
    KeyExplained, LiveExplained, OptionExplained, OptionFinding, every_live, explain_key,
    explain_live, explain_option,
};
pub use files::{FilePair, Line, Same, files};
pub use irs::{IrDifference, IrPair, IrSame, irs, symbols_in_question};
pub use judge::{Built, Judged, conclude, judge, summary};
pub use layer::{LayerVerdict, Omitted};
pub use makefiles::{conditional, stopped};
pub use members::{MemberVerdict, compare_archives};
pub use merge::{merge, merge_allowed};
pub use natives::{
    BUILDER, Difference, NativePair, Places, Sameness, Surroundings, account as native_account,
    difference, natives, places,
};
pub use normalize::{Becomes, Canonical, PASTING, PastingMacro, canonical};
pub use planned::{Plan, judge_planned};
pub use reach::{Change, Reach, Refresh, reach};
pub use records::{RecordDiff, compare_records, expect_records, gates, rows};
pub use snapshot::{Facet, FacetKind, Order, facet_kinds, facets};
pub use transport::transport;
