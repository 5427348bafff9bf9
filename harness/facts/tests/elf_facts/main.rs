//! The ELF and DWARF readers, on small files that `support` puts together byte by byte.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in tests, helpers included, a failed unwrap is the assertion"
)]

mod dwarf;
mod dwarfdump;
mod exports;
mod fields;
mod image;
mod initcalls;
mod layouts;
mod llvm;
mod modules;
mod no_panic;
mod objects;
mod oracle;
mod readelf;
mod rich;
mod riscv;
mod signatures;
mod support;
mod tables;
mod tables_built;
