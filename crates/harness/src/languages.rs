//! Programs in other languages, as tests run them. `make test` installs what these need, or sets `NOT_TESTED` to what
//! cannot be tried on this machine, and says so.

use std::process::Command;

/// `true` if `NOT_TESTED` leaves this out: `full_disk`, `python` or `java`.
pub fn not_tested(what: &str) -> bool {
    let left_out = std::env::var("NOT_TESTED").unwrap_or_default();
    left_out.split_whitespace().any(|one| one == what)
}

/// Node.js, which finds the packages of the checkout's `package.json` from any script in it.
pub fn javascript() -> Command {
    Command::new("node")
}

/// Python with the packages of `tests/sdk/requirements.txt`; `None` where it is left out.
pub fn python() -> Option<Command> {
    // The Makefile says where it is. A test that is run without make fails where the packages are missing.
    let program = std::env::var_os("PYTHON_WITH_SDKS").unwrap_or_else(|| "python3".into());
    (!not_tested("python")).then(|| Command::new(program))
}

/// Java, which runs a source file; `None` where it is left out.
pub fn java() -> Option<Command> {
    (!not_tested("java")).then(|| Command::new("java"))
}
