//! Compiler command lines: lexed as a shell would, paired, classed and resolved.
//!
//! The classes say which options a ThinLTO backend must get again because the bitcode does
//! not carry them; [`TABLE`] is the data, with the evidence for every row.

mod after;
mod call;
mod front;
mod lex;
mod measured;
mod options;
mod resolve;
mod response;
mod rows;
mod table;

pub use after::after_compile;
pub use call::{Call, call, compile, is_assignment, is_compiler, is_linker, link};
pub use front::{FRONT_INPUTS, Front, FrontClass, FrontGroup, front, front_class};
pub use lex::{Command, LexError, lex, lex_piece};
pub use measured::{Measurement, Outcome, in_short, measured, measured_of, measurements};
pub use options::{Opt, parse, takes_argument};
pub use resolve::{Resolved, Setting, resolve, resolve_options};
pub use response::{
    ConfigHome, Expanded, ReadFile, expand, gnu_words, may_name_files, shell_quoted,
};
pub use rows::TABLE;
pub use table::{Class, Family, Form, Row, classify, row_of};
