//! Every IR object and index of a real distributed build, read by us and by LLVM's own tools.
//!
//! No part of `cargo test`: `scripts/acceptance` runs it on what it has built, with
//! `TWINLTO_TEST_BUILD=DIR cargo test -p twinlto-facts --test real_bitcode`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in tests, helpers included, a failed unwrap is the assertion"
)]
#![allow(dead_code, reason = "shared with the tests on small files, which use all of it")]

mod oracle;
mod support;

use crate::oracle::{assembled, disassembled, dumped, facts};
use crate::support::llvm;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use twinlto_facts::bitcode::{FlagValue, read};

/// Reads every file; asks LLVM about every `TWINLTO_TEST_BITCODE_STEP`th (units: files;
/// default 20).
#[test]
fn a_kernel_is_read() {
    let test = "a_kernel_is_read";
    let dir = std::env::var("TWINLTO_TEST_BUILD").expect("TWINLTO_TEST_BUILD names no build");
    let Some(llvm) = llvm(test) else { return };
    let step = std::env::var("TWINLTO_TEST_BITCODE_STEP").map_or(20, |it| it.parse().unwrap());
    let list = std::fs::read_to_string(Path::new(&dir).join("vmlinux.thinlto-index")).unwrap();
    let mut read_files = 0;
    let mut asked = 0;
    let mut size = 0;
    let mut spent = Duration::ZERO;
    let mut slowest = (Duration::ZERO, String::new());
    for name in list.lines() {
        for suffix in ["", ".thinlto.bc"] {
            let path = Path::new(&dir).join(format!("{name}{suffix}"));
            let bytes = std::fs::read(&path).unwrap();
            let start = Instant::now();
            let result = read(&bytes);
            let took = start.elapsed();
            let path = path.display().to_string();
            let all = result.unwrap_or_else(|error| panic!("{path}: {error}"));
            spent += took;
            size += bytes.len();
            if took > slowest.0 {
                slowest = (took, format!("{path} of {} bytes", bytes.len()));
            }
            let module = &all.modules[0];
            assert_eq!(module.ir().is_some(), suffix.is_empty(), "{path}");
            assert_eq!(module.index().is_none(), suffix.is_empty(), "{path}");
            if let Some(ir) = module.ir() {
                assert!(ir.flags.unread.is_empty(), "{path}: {:?}", ir.flags.unread);
            }
            for flag in module.ir().iter().flat_map(|ir| &ir.flags.flags) {
                assert!(!matches!(flag.value, FlagValue::Undecoded(_)), "{path}: {flag:?}");
            }
            if read_files / 2 % step == 0 {
                asked += 1;
                assert_eq!(facts(&bytes), dumped(&llvm, &path), "{path}");
                if suffix.is_empty() {
                    assert_eq!(assembled(&bytes), disassembled(&llvm, &path), "{path}");
                }
            }
            read_files += 1;
        }
    }
    let _closed = writeln!(
        std::io::stderr(),
        "{test}: {read_files} files of {size} bytes in {spent:?}, {asked} compared; slowest {slowest:?}"
    );
}
