//! The list of failed deliveries, `GET /admin/api/webhooks/failures.xml`.
//!
//! 3scale keeps what it could not deliver in six attempts, and prints each notification again
//! there, indented. [`parse`] reads a list that is in memory. The list has no pages and no
//! bound, so a [`Reader`] takes it in steps, with an entry in memory at a time.
//!
//! One entry that cannot be understood does not hide the others: it comes as an [`Entry`] with
//! its bytes and the reason. And an entry whose notification cannot be understood still has its
//! id and time, which it takes to delete it.
//!
//! ```
//! use threescale::failures;
//!
//! # let list = include_bytes!("../../tests/samples/failures_two.xml");
//! for entry in failures::parse(list)? {
//!     match entry.failure() {
//!         Ok(failure) => {
//!             let notification = failure.notification()?;
//!             println!("{} {} {}", failure.time(), failure.id(), notification.action());
//!         }
//!         Err(error) => println!("an entry of {} bytes: {error}", entry.raw().len()),
//!     }
//! }
//! # Ok::<(), threescale::Error>(())
//! ```

mod entry;
mod reader;
mod splitter;
mod url;

pub use entry::{Entry, Failure};
pub use reader::Reader;
pub use url::SecretUrl;

use crate::error::Error;
use crate::limits::Limits;
use splitter::{Found, Splitter};

/// Reads a whole list, oldest failure first, each entry with the usual [`Limits`].
///
/// # Errors
/// `not_a_failures_list` if its root is not `<webhooks-failures>`, as when 3scale answers
/// `<error>`; `malformed_xml` and the like if it breaks outside its entries or ends too early.
/// What is wrong inside an entry is in its [`Entry::failure`].
pub fn parse(list: &[u8]) -> Result<Vec<Entry<'_>>, Error> {
    let limits = Limits::default();
    let mut splitter = Splitter::new(&limits);
    let mut entries = Vec::new();
    while let Some(Found {
        start,
        end,
        position,
        is_whole,
    }) = splitter.next(list)?
    {
        let raw = list.get(start..end).unwrap_or_default();
        entries.push(Entry::read(raw, position, is_whole, &limits));
    }
    splitter.finish(list)?;
    Ok(entries)
}
