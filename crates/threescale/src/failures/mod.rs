//! The list of failed deliveries, `GET /admin/api/webhooks/failures.xml`.
//!
//! 3scale keeps the notifications that it could not deliver in six attempts, and serializes each
//! of them anew there, indented. [`parse`] reads a list that is in memory. The list has no pages
//! and no bound, so a [`Reader`] reads it as a stream, with one entry in memory at a time.
//!
//! An entry that cannot be read does not hide the others: it becomes an [`Entry`] with its bytes
//! and the reason. An entry whose notification alone cannot be read still has its id, and the
//! time by which it can be deleted.
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

/// Reads a whole list, oldest failure first, each entry within the default [`Limits`].
///
/// # Errors
/// `not_a_failures_list` if its root is not `<webhooks-failures>`, as when 3scale answers
/// `<error>`; `malformed_xml` and the like if it is broken outside its entries or ends too early.
/// An error inside an entry is in its [`Entry::failure`].
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
