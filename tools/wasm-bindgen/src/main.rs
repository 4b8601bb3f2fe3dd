//! The command `wasm-bindgen`. `cargo install wasm-bindgen-cli --locked` takes the lock file that was published with it,
//! and fails on the day when a registry no longer has one of the versions in it; this one is ours, and smaller.

use std::{env, process::ExitCode};

fn main() -> ExitCode {
    match wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:?}");
            ExitCode::FAILURE
        }
    }
}
