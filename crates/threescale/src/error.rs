//! Errors: a stable code, a message, and a place in the document.

use std::borrow::Cow;
use std::fmt;

/// The reason for refusing a document. The codes are stable: programs may match on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// Not well-formed XML 1.0.
    MalformedXml,
    /// A document type declaration. It is always refused: 3scale sends none, and entity bombs
    /// and external entities need one.
    DoctypeForbidden,
    /// Larger, deeper or longer than the [`Limits`](crate::Limits) allow.
    LimitExceeded,
    /// A reference to an entity other than the five that XML predefines.
    UnknownEntity,
    /// A character that XML 1.0 forbids, literally or as a reference.
    InvalidCharacter,
    /// Not UTF-8: broken bytes, UTF-16, or a declaration of another encoding.
    InvalidEncoding,
    /// Well-formed, but not `<event>` with one `<type>`, one `<action>` and one `<object>`.
    NotANotification,
    /// Well-formed, but not `<webhooks-failures>`, or an entry of it without `<id>`, `<time>`
    /// or `<event>`.
    NotAFailuresList,
    /// A form body without the field that carries the XML.
    FormFieldMissing,
    /// A form body with broken percent-encoding.
    FormEncodingInvalid,
}

impl ErrorCode {
    /// Every code, for documentation and tests.
    pub const ALL: [Self; 10] = [
        Self::MalformedXml,
        Self::DoctypeForbidden,
        Self::LimitExceeded,
        Self::UnknownEntity,
        Self::InvalidCharacter,
        Self::InvalidEncoding,
        Self::NotANotification,
        Self::NotAFailuresList,
        Self::FormFieldMissing,
        Self::FormEncodingInvalid,
    ];

    /// The code as it is written in answers and logs: `malformed_xml`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedXml => "malformed_xml",
            Self::DoctypeForbidden => "doctype_forbidden",
            Self::LimitExceeded => "limit_exceeded",
            Self::UnknownEntity => "unknown_entity",
            Self::InvalidCharacter => "invalid_character",
            Self::InvalidEncoding => "invalid_encoding",
            Self::NotANotification => "not_a_notification",
            Self::NotAFailuresList => "not_a_failures_list",
            Self::FormFieldMissing => "form_field_missing",
            Self::FormEncodingInvalid => "form_encoding_invalid",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The error in a document that was refused, and its place.
///
/// The message names what was found and what was expected. It may quote the names of elements
/// and entities, never a value: values are people's data and secrets.
///
/// ```
/// let error = threescale::Notification::parse(b"<event>\n<type>user</tpye></event>").unwrap_err();
/// assert_eq!(error.code(), "malformed_xml");
/// assert_eq!((error.line(), error.column()), (2, 11));
/// assert_eq!(error.to_string(), "line 2, column 11: found `</tpye>`, expected `</type>`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: ErrorCode,
    message: Cow<'static, str>,
    position: Position,
}

impl Error {
    /// The stable code, `malformed_xml` for example: see [`ErrorCode`] for all of them.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code.as_str()
    }

    /// The stable code as a value to match on.
    #[must_use]
    pub fn kind(&self) -> ErrorCode {
        self.code
    }

    /// The message without the position: it names what was found and what was expected.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The line, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.position.line
    }

    /// The column in characters, counted from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.position.column
    }

    /// The offset in bytes, counted from 0.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.position.offset
    }

    pub(crate) fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            position: Position::START,
        }
    }

    /// The same error, placed at `offset` in `document`.
    #[cold]
    pub(crate) fn at(mut self, document: &[u8], offset: usize) -> Self {
        self.position = Position::START.after(document.get(..offset).unwrap_or(document));
        self
    }

    /// The same error, placed in an outer document in which this one begins at `start`.
    pub(crate) fn within(mut self, start: Position) -> Self {
        self.position = start.plus(self.position);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column, .. } = self.position;
        write!(f, "line {line}, column {column}: {}", self.message)
    }
}

impl std::error::Error for Error {}

/// A place in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) offset: usize,
    line: usize,
    column: usize,
}

impl Position {
    pub(crate) const START: Self = Self {
        offset: 0,
        line: 1,
        column: 1,
    };

    /// The place after `bytes`, if they begin here.
    ///
    /// A line ends with LF, CR LF or CR, as XML sees it. A character is counted at its first
    /// byte, so that broken UTF-8 can be counted too.
    pub(crate) fn after(self, bytes: &[u8]) -> Self {
        let Self {
            offset,
            mut line,
            mut column,
        } = self;
        let mut previous = 0;
        for &byte in bytes {
            match byte {
                b'\n' if previous == b'\r' => {}
                b'\n' | b'\r' => {
                    line += 1;
                    column = 1;
                }
                0x80..=0xBF => {}
                _ => column += 1,
            }
            previous = byte;
        }
        Self {
            offset: offset + bytes.len(),
            line,
            column,
        }
    }

    fn plus(self, inner: Self) -> Self {
        Self {
            offset: self.offset + inner.offset,
            line: self.line + inner.line - 1,
            column: if inner.line == 1 {
                self.column + inner.column - 1
            } else {
                inner.column
            },
        }
    }
}
