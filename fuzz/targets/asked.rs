#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| twinlto_fuzz::fuzz(twinlto_fuzz::asked, bytes));
