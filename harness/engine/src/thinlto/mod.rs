//! What ThinLTO is made of, whoever makes it: modules with their inputs, links, and backends.

mod action;
mod backend;
mod command;
mod dtlto;
pub(crate) mod inputs;
mod kept;
mod linker;
mod stages;

pub(crate) use action::{Acted, Failed, last_words, object};
pub(crate) use backend::{Backend, front_reference, pool, same_llvm};
pub(crate) use command::LinkCommand;
pub(crate) use inputs::Module;
pub(crate) use kept::{INDEX as INDEX_LIST, record_native};
pub(crate) use stages::to_native;
