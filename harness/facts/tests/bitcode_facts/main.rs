//! The bitcode reader on what a real LLVM writes, against what LLVM's own tools say about it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in tests, helpers included, a failed unwrap is the assertion"
)]

mod alike;
mod assembly;
mod flags;
mod modules;
mod no_panic;
mod oracle;
mod support;
mod thin_link;
