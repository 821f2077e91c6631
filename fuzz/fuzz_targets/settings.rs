#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mothball_fuzz::settings::try_it(bytes));
