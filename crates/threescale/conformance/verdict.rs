//! Prints this crate's verdict on each document of its input, for `compare.py`: `ok` and the digest,
//! or the error. A document is its length on a line of its own, then its bytes.

use std::io::{self, BufRead as _, Read as _, Write as _};

use threescale::{Limits, Notification};

fn main() -> io::Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::BufWriter::new(io::stdout().lock()));
    let limits = Limits {
        bytes: usize::MAX,
        depth: usize::MAX,
        attributes: usize::MAX,
        ..Limits::default()
    };
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let length = line.trim().parse().map_err(io::Error::other)?;
        let mut document = vec![0; length];
        input.read_exact(&mut document)?;
        match Notification::parse_with(&document, &limits) {
            Ok(notification) => writeln!(output, "ok {}", notification.digest("conformance"))?,
            Err(error) => writeln!(output, "{} {error}", error.code())?,
        }
        line.clear();
    }
    output.flush()
}
