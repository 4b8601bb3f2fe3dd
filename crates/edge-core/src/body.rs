//! Limits a request body to no more than the maximum, and no less than its announced length.

use crate::problem::Problem;

/// The part of a body that has arrived. Its size is measured, since a chunked body announces none and an announced one
/// may be wrong.
#[derive(Debug)]
pub struct Body {
    bytes: Vec<u8>,
    announced: Option<usize>,
    limit: usize,
}

impl Body {
    /// Begins a body of this `Content-Length`, if it has one.
    ///
    /// # Errors
    ///
    /// It is announced to be longer than the limit.
    pub fn announced(announced: Option<usize>, limit: usize) -> Result<Self, Problem> {
        if announced.is_some_and(|length| length > limit) {
            return Err(Problem::PayloadTooLarge { limit });
        }
        Ok(Self {
            bytes: Vec::new(),
            announced,
            limit,
        })
    }

    /// `true` if its length is announced.
    #[must_use]
    pub const fn is_announced(&self) -> bool {
        self.announced.is_some()
    }

    /// Adds a chunk.
    ///
    /// # Errors
    ///
    /// It is longer than the limit.
    pub fn push(&mut self, chunk: Vec<u8>) -> Result<(), Problem> {
        if self.bytes.len() + chunk.len() > self.limit {
            return Err(Problem::PayloadTooLarge { limit: self.limit });
        }
        if self.bytes.is_empty() {
            // Most bodies come as one chunk.
            self.bytes = chunk;
        } else {
            self.bytes.extend_from_slice(&chunk);
        }
        Ok(())
    }

    /// The stream ends silently when the sender disconnects in the middle, so the length decides.
    ///
    /// # Errors
    ///
    /// The body is shorter than announced.
    pub fn end(self) -> Result<Vec<u8>, Problem> {
        match self.announced {
            Some(length) if self.bytes.len() < length => Err(Problem::IncompleteBody),
            _ => Ok(self.bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(announced: Option<usize>, chunks: &[&[u8]]) -> Result<Vec<u8>, Problem> {
        let mut body = Body::announced(announced, 10)?;
        chunks
            .iter()
            .try_for_each(|chunk| body.push(chunk.to_vec()))?;
        body.end()
    }

    #[test]
    fn a_body_comes_in_chunks_up_to_the_limit() {
        assert_eq!(
            read(None, &[b"01234", b"56789"]),
            Ok(b"0123456789".to_vec())
        );
        assert_eq!(read(Some(5), &[b"01234"]), Ok(b"01234".to_vec()));
        assert_eq!(read(None, &[]), Ok(vec![]));
    }

    #[test]
    fn a_body_over_the_limit_is_refused_whatever_was_announced() {
        let too_large = Err(Problem::PayloadTooLarge { limit: 10 });
        assert_eq!(read(Some(11), &[]), too_large);
        assert_eq!(read(None, &[b"01234", b"56789", b"x"]), too_large);
        assert_eq!(read(Some(2), &[b"0123456789x"]), too_large);
    }

    #[test]
    fn a_body_that_ends_before_its_length_is_incomplete() {
        assert_eq!(read(Some(6), &[b"01234"]), Err(Problem::IncompleteBody));
        assert_eq!(read(Some(1), &[]), Err(Problem::IncompleteBody));
    }
}
