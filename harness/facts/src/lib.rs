//! Bytes or text in, typed facts out.
//!
//! Nothing here opens a file, starts a process or panics: every reader takes `&[u8]` or
//! `&str`, whatever it may hold, and what it cannot understand is part of its answer.

pub mod archive;
pub mod asm;
pub mod bitcode;
pub mod build;
pub mod dry_run;
pub mod dtlto;
pub mod dwarf;
pub mod elf;
pub mod flags;
pub mod kbuild;
pub mod life;
pub mod log;
pub mod named;
pub mod program;
pub mod whole;
