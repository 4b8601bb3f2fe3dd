//! The values of elements, and the texts that are valid for them.

use std::fmt;

use super::element::Element;
use crate::xml::chars;

/// An `i64` in its canonical form: `007` and `+7` are text.
pub(crate) fn integer(text: &str) -> Option<i64> {
    if is_integer(text) {
        text.parse().ok()
    } else {
        None
    }
}

/// Returns true for an integer that every JSON reader keeps exactly: one up to ±(2⁵³ − 1).
pub(crate) fn is_exact_integer(text: &str) -> bool {
    const EXACT: u64 = (1 << 53) - 1;
    const ALWAYS: usize = 15;
    is_integer(text)
        && (text.len() <= ALWAYS
            || text
                .parse()
                .is_ok_and(|number: i64| number.unsigned_abs() <= EXACT))
}

/// `-?(0|[1-9][0-9]*)`, which is JSON's form of an integer.
pub(crate) fn is_integer(text: &str) -> bool {
    match text.strip_prefix('-').unwrap_or(text).as_bytes() {
        [b'0'] => true,
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// `-?(0|[1-9][0-9]*)([.][0-9]+)?`, which is JSON's form of a number without an exponent.
pub(crate) fn is_decimal(text: &str) -> bool {
    match text.split_once('.') {
        None => is_integer(text),
        Some((whole, fraction)) => {
            is_integer(whole)
                && !fraction.is_empty()
                && fraction.bytes().all(|b| b.is_ascii_digit())
        }
    }
}

pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The items of a list: its elements of that name.
pub(super) fn items<'a>(
    list: Option<Element<'a>>,
    name: &'static str,
) -> impl Iterator<Item = Element<'a>> + use<'a> {
    list.into_iter()
        .flat_map(Element::children)
        .filter(move |item| item.name() == name)
}

/// The id of an object, an account, a product or a plan, as it was sent: never empty, and without the space around it.
///
/// 3scale's ids are numbers, and other senders' may be anything, so an id is compared as text:
/// with another id, with a text, or with a number.
///
/// ```
/// # let body = include_bytes!("../../tests/samples/application_created_v2.xml");
/// # let notification = threescale::Notification::parse(body)?;
/// # let threescale::Object::Application(application) = notification.object() else { panic!() };
/// assert_eq!(application.id(), notification.object_id());
/// assert_eq!(application.user_account_id(), notification.account_id());
/// assert!(application.id().is_some_and(|id| id == 11 && id == "11"));
/// # Ok::<(), threescale::Error>(())
/// ```
///
/// What an API calls App ID, `application_id`, and a `user_key` are credentials, not ids: they are
/// text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Id<'a>(&'a str);

impl<'a> Id<'a> {
    #[inline]
    pub(crate) fn of(element: Element<'a>) -> Option<Self> {
        Some(Self(chars::trim(element.text()))).filter(|id| !id.0.is_empty())
    }

    /// The id as text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The id as a number, if it is one in its canonical form: `007` is none.
    #[must_use]
    pub fn number(self) -> Option<i64> {
        integer(self.0)
    }
}

impl PartialEq<str> for Id<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Id<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<i64> for Id<'_> {
    fn eq(&self, other: &i64) -> bool {
        self.number() == Some(*other)
    }
}

impl fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A decimal number, exactly as 3scale wrote it: `2.99`.
///
/// Amounts of money should not pass through `f64` unnoticed, and this crate has no decimal type
/// of its own: parse [`as_str`](Self::as_str) with the one that you use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal<'a>(&'a str);

impl<'a> Decimal<'a> {
    pub(super) fn new(text: &'a str) -> Option<Self> {
        is_decimal(text).then_some(Self(text))
    }

    /// The digits.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The nearest `f64`.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        // Every decimal number parses as an `f64`.
        self.0.parse().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Decimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Values under names that the provider chose: extra fields and annotations.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(Option<Element<'a>>);

impl<'a> Fields<'a> {
    pub(super) const fn new(element: Option<Element<'a>>) -> Self {
        Self(element)
    }

    /// Names and values in the order sent. A field with several choices occurs several times.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .into_iter()
            .flat_map(Element::children)
            .map(|field| (field.name(), field.text()))
    }

    /// The values of one field: none, one, or several choices.
    pub fn get(self, name: &str) -> impl Iterator<Item = &'a str> {
        self.iter()
            .filter(move |(field, _)| *field == name)
            .map(|(_, value)| value)
    }
}
