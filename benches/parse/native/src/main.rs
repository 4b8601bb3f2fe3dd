//! The native half of `make bench-parse`: see docs/benchmarks.md, and js/main.js which runs it.
//!
//! ```text
//! native shapes                              what 3scale sends, as the JavaScript mappings read it
//! native check FILE…                         whether every contender makes the same JSON of the files
//! native measure SECONDS MILLISECONDS FILE…  the times of all rounds, as JSON
//! ```

mod contenders;
mod envelope;
mod rounds;
mod serde_typed;
mod shapes;
mod tree;
mod utc;

use std::process::ExitCode;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    match arguments {
        [verb] if verb == "shapes" => println!("{}", shapes::json()),
        [verb, files @ ..] if verb == "check" => {
            for file in files {
                contenders::check(file, &std::fs::read(file)?)?;
            }
        }
        [verb, seconds, milliseconds, files @ ..] if verb == "measure" => {
            let plan = rounds::Plan {
                seconds: seconds.parse()?,
                milliseconds: milliseconds.parse()?,
            };
            let mut results = Vec::new();
            for file in files {
                eprintln!("  natively: {file}");
                results.push(contenders::measure(&std::fs::read(file)?, &plan));
            }
            println!("{}", serde_json::to_string(&results)?);
        }
        _ => {
            return Err(
                "usage: native shapes | check FILE… | measure SECONDS MILLISECONDS FILE…".into(),
            );
        }
    }
    Ok(())
}
