#![no_main]

libfuzzer_sys::fuzz_target!(|script: &[u8]| mothball_fuzz::answers::try_it("halopsa", script));
