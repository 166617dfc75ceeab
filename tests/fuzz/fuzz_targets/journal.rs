#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cognito_passwd::fuzzing::journal(bytes));
