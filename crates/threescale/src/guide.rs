//! Rules to look up, without code.

pub mod json {
    //! The mapping from a notification to JSON.
    //!
    //! [`write_data`](crate::Notification::write_data) writes
    //! `{"type":"application","action":"updated","object":{…}}`. Members keep 3scale's names and
    //! the document's order. No object has a name twice, and nothing is dropped.
    //!
    //! # Values
    //!
    //! A value has the type that the [definition](crate::schema::SHAPES) gives to its element, and
    //! not the one that it looks like: an `org_name` of 123 is text.
    //!
    //! | kind | JSON | texts that fit |
    //! |---|---|---|
    //! | integer | number with the same digits | `-?(0\|[1-9][0-9]*)`, up to ±(2⁵³ − 1) |
    //! | decimal | number with the same digits | an integer, or one with a fraction |
    //! | boolean | `true`, `false` | the same two words |
    //! | time | string, RFC 3339 in UTC | RFC 3339 with `T`, and `Z` or an offset; fractions lose trailing zeros |
    //! | date | string | `YYYY-MM-DD`, a date that exists |
    //! | text | string | anything |
    //! | fields: `extra_fields`, `annotations` | object, even if empty | anything, in the generic form |
    //! | list: `plans`, `users`, `keys`, `referrer_filters` | array, even if empty | items of one name |
    //! | object: `plan`, `billing_address`, … | object | elements |
    //!
    //! - **Empty is `null`**, whether `<x/>` or `<x></x>`, except for fields and lists.
    //! - **A value that does not fit is kept as text**, exactly as sent: an integer beyond 2⁵³ − 1,
    //!   `007`, `2023-02-29T00:00:00Z`.
    //! - **White space** in an element that has no elements inside is part of its value; between
    //!   elements, and in an empty list, it is ignored. Line ends become LF, as XML requires.
    //! - The attributes `custom` and `default` of a plan are boolean members.
    //!
    //! # Unknown elements
    //!
    //! An element that is not in the definition is written in the **generic form**: as a string if
    //! it has only text, as `null` if it is empty, else as an object with its content. So is the
    //! object of an unknown type. The details, for documents that 3scale does not send but others
    //! may:
    //!
    //! - **Repeated elements**, known or not, become an array at the place of the first:
    //!   `<id>1</id><id>2</id>` is `"id":[1,2]`.
    //! - **Attributes** become members with `@` before their name, ahead of the elements; the text
    //!   of an element with attributes becomes `#text`: `<a b="c">d</a>` is
    //!   `{"@b":"c","#text":"d"}`. An XML name has neither `@` nor `#`, so nothing collides. The
    //!   known attributes of a plan get `@` only if it has an element of the same name as well.
    //! - **Text beside elements** becomes `#text`, an array if there are several runs; runs of
    //!   nothing but white space are left out.
    //! - **A known element with content that its kind does not allow**, attributes on an `id` for
    //!   example, is written in the generic form.
    //! - **In a list**, anything but an item becomes an item: an object of one member.
    //! - **An object whose name is not its type** keeps its name: `"object":{"contract":{…}}`.
    //! - **Other elements in `<event>`** become members after `object`.
    //!
    //! # The schemas
    //!
    //! Every output of this crate is valid by `schemas/*.json`, values that do not fit included,
    //! and the schemas are as strict as that allows. Where a number is expected, a string is valid
    //! unless it is itself a number; where text is expected, an object is valid unless it is empty
    //! or has numbers in it. So an `id` of `"six"` is valid, and one of `"6"`, `{}` or `[]` is
    //! not.
    //!
    //! # Redaction
    //!
    //! [`Redact`](crate::Redact) replaces texts by `"[redacted]"` and changes nothing else: arrays
    //! stay arrays, objects stay objects, `null` stays `null`.
}
