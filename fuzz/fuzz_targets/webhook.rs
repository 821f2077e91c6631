#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mothball_fuzz::webhook::try_it(bytes));
