//! Any bytes as a list of failures: read whole or in pieces, it is the same list.
#![no_main]

use libfuzzer_sys::fuzz_target;
use threescale::{Error, Limits, failures};

fuzz_target!(|bytes: &[u8]| {
    let whole = failures::parse(bytes);
    let size = usize::from(bytes.first().copied().unwrap_or_default()) + 1;
    let mut reader = failures::Reader::new(&Limits::default());
    let mut pieces = Vec::new();
    let result = bytes
        .chunks(size)
        .try_for_each(|chunk| take(&mut reader, chunk, &mut pieces));
    match (whole, result.and_then(|()| reader.finish())) {
        (Ok(entries), Ok(())) => {
            let whole: Vec<_> = entries.iter().map(show).collect();
            assert_eq!(whole, pieces);
        }
        (whole, pieces) => assert_eq!(whole.err(), pieces.err()),
    }
});

fn take(
    reader: &mut failures::Reader,
    chunk: &[u8],
    entries: &mut Vec<String>,
) -> Result<(), Error> {
    reader.push(chunk);
    while let Some(entry) = reader.next_entry()? {
        entries.push(show(&entry));
    }
    Ok(())
}

/// An entry as text, errors and their positions included.
fn show(entry: &failures::Entry<'_>) -> String {
    match entry.failure() {
        Ok(failure) => format!(
            "{failure:?} {:?}",
            failure.notification().map(|n| n.digest("fuzz"))
        ),
        Err(error) => error.to_string(),
    }
}
