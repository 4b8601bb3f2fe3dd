//! Rules to look up.

pub mod json {
    //! How a notification becomes JSON.
    //!
    //! [`write_data`](crate::Notification::write_data) writes
    //! `{"type":"application","action":"updated","object":{…}}`. Members keep 3scale's names and
    //! the document's order. No object has a name twice, and nothing is dropped.
    //!
    //! # Values
    //!
    //! Values are typed by what the [definition](crate::schema::SHAPES) says of an element, not by
    //! how they look: an `org_name` of 123 is text.
    //!
    //! | kind | JSON | fits |
    //! |---|---|---|
    //! | integer | number with the same digits | `-?(0\|[1-9][0-9]*)`, up to ±(2⁵³ − 1) |
    //! | decimal | number with the same digits | an integer, or one with a fraction |
    //! | boolean | `true`, `false` | the same words |
    //! | time | string, RFC 3339 in UTC | RFC 3339 with `T`, and `Z` or an offset; fractions lose trailing zeros |
    //! | date | string | `YYYY-MM-DD`, a day that exists |
    //! | text | string | anything |
    //! | fields: `extra_fields`, `annotations` | object, even if empty | anything, in the generic form |
    //! | list: `plans`, `users`, `keys`, `referrer_filters` | array, even if empty | items of one name |
    //! | object: `plan`, `billing_address`, … | object | elements |
    //!
    //! - **Empty is `null`**, whether `<x/>` or `<x></x>`, except for fields and lists.
    //! - **A value that does not fit is kept as text**, exactly as sent: an integer beyond 2⁵³ − 1,
    //!   `007`, `2023-02-29T00:00:00Z`.
    //! - **White space** in an element that has no elements inside belongs to its value; between
    //!   elements, and in an empty list, it means nothing. Line ends are LF, as XML has it.
    //! - The attributes `custom` and `default` of a plan are boolean members.
    //!
    //! # What is not known
    //!
    //! An element that the definition does not have is written in the **generic form**: its text
    //! as a string; `null` if it is empty; else an object of what is inside. So is the object of
    //! an unknown type. In detail, for what 3scale does not send but someone may:
    //!
    //! - **Repeated elements** become an array in place of the first, known ones too:
    //!   `<id>1</id><id>2</id>` is `"id":[1,2]`.
    //! - **Attributes** become members with `@` before their name, ahead of the elements; the text
    //!   of an element with attributes becomes `#text`: `<a b="c">d</a>` is
    //!   `{"@b":"c","#text":"d"}`. An XML name has neither `@` nor `#`, so nothing collides. A
    //!   plan's own attributes are written with `@` if an element of the same name is there.
    //! - **Text beside elements** becomes `#text`, an array if there are several runs; runs of
    //!   white space only are left out.
    //! - **A known element with other things in it** than its kind allows, attributes on an `id`
    //!   for example, is written in the generic form.
    //! - **In a list**, what is not an item becomes an item: an object of one member.
    //! - **An object whose name is not its type** keeps its name: `"object":{"contract":{…}}`.
    //! - **Other elements in `<event>`** become members after `object`.
    //!
    //! # The schemas and the misfits
    //!
    //! `schemas/*.json` hold for every output of this crate, misfits included, and are as strict as
    //! that allows. Where a number is expected, a string is allowed, but not one that is a number;
    //! where text is expected, an object is allowed, but not an empty one and none with numbers in
    //! it. So an `id` of `"6"`, `{}` or `[]` is not valid, while `"six"` is.
    //!
    //! # Redaction
    //!
    //! [`Redact`](crate::Redact) replaces texts by `"[redacted]"`. Shapes stay: arrays stay arrays,
    //! objects stay objects, `null` stays `null`.
}
