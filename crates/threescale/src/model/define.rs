//! The macro that turns the definition into types and tables.

/// Defines the shapes: [`super::definition`] explains the notation.
///
/// Each shape becomes a view with one method per field, and a [`Shape`](super::Shape). All of
/// them together become the table of names.
macro_rules! shapes {
    ($(
        #[doc = $title:literal] $(#[doc = $doc:literal])*
        $shape:ident $name:literal
        ($( $(#[doc = $attribute_doc:literal])+ $attribute:ident: $attribute_kind:ident, )*)
        {$( $(#[doc = $field_doc:literal])+ $field:ident $(= $sent:literal)?: $kind:tt, )*}
    )*) => {
        $(
            #[doc = $title] $(#[doc = $doc])*
            ///
            /// A view of an element: it borrows from the notification, and parses a value each
            /// time that its method is called. A method returns `None` if the element is missing
            /// or empty, or if its text does not fit the type; [`element`](Self::element) gives
            /// access to that text.
            #[derive(Clone, Copy)]
            pub struct $shape<'a>(Element<'a>);

            impl<'a> $shape<'a> {
                const FIELDS: &'static [Field] = &[$(Field {
                    name: sent!($field $($sent)?),
                    kind: kind!($kind),
                    doc: concat!($($field_doc),+),
                    key: concat!(",\"", sent!($field $($sent)?), "\":"),
                }),*];
                pub(crate) const SHAPE: &'static Shape = &Shape::new(
                    $name,
                    concat!($title $(, $doc)*),
                    &[$(Field {
                        name: stringify!($attribute),
                        kind: kind!($attribute_kind),
                        doc: concat!($($attribute_doc),+),
                        key: concat!(",\"", stringify!($attribute), "\":"),
                    }),*],
                    Self::FIELDS,
                    &NAMES,
                );

                pub(crate) const fn new(element: Element<'a>) -> Self {
                    Self(element)
                }

                /// The element itself, with all that this view has no method for.
                #[must_use]
                pub const fn element(self) -> Element<'a> {
                    self.0
                }

                $(
                    $(#[doc = $attribute_doc])+
                    #[must_use]
                    pub fn $attribute(self) -> Option<bool> {
                        self.0.attribute(stringify!($attribute)).and_then(values::boolean)
                    }
                )*

                $(
                    $(#[doc = $field_doc])+
                    #[must_use = "reading changes nothing"]
                    pub fn $field(self) -> view!('a $kind) {
                        read!(self.0.child(sent!($field $($sent)?)), $kind)
                    }
                )*
            }

            impl std::fmt::Debug for $shape<'_> {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    self.0.fmt(f)
                }
            }
        )*

        /// Every shape, the objects of notifications first.
        pub static SHAPES: &[&Shape] = &[$($shape::SHAPE),*];

        /// The names of the shapes, their attributes and their elements, and `OTHERS`.
        const NAMES: NameTable = NameTable::of(&[
            OTHERS,
            $(&[$name $(, stringify!($attribute))* $(, sent!($field $($sent)?))*],)*
        ]);
    };
}

/// The name that 3scale sends for a field.
macro_rules! sent {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $sent:literal) => {
        $sent
    };
}

/// A field's kind as a value.
macro_rules! kind {
    (Integer) => {
        Kind::Integer
    };
    // As JSON, an id is a number.
    (Id) => {
        Kind::Integer
    };
    (Decimal) => {
        Kind::Decimal
    };
    (Boolean) => {
        Kind::Boolean
    };
    (Time) => {
        Kind::Time
    };
    (Date) => {
        Kind::Date
    };
    (Text) => {
        Kind::Text
    };
    (Fields) => {
        Kind::Fields
    };
    ([$item:ident $kind:tt]) => {
        Kind::List {
            item: stringify!($item),
            kind: &kind!($kind),
        }
    };
    ($object:ident) => {
        Kind::Object($object::SHAPE)
    };
}

/// The return type of a field's method.
macro_rules! view {
    ($a:lifetime Integer) => { Option<i64> };
    ($a:lifetime Id) => { Option<Id<$a>> };
    ($a:lifetime Decimal) => { Option<Decimal<$a>> };
    ($a:lifetime Boolean) => { Option<bool> };
    ($a:lifetime Time) => { Option<Timestamp> };
    ($a:lifetime Date) => { Option<Date> };
    ($a:lifetime Text) => { Option<&$a str> };
    ($a:lifetime Fields) => { Fields<$a> };
    ($a:lifetime [$item:ident Text]) => { impl Iterator<Item = &$a str> + use<$a> };
    ($a:lifetime [$item:ident $kind:ident]) => { impl Iterator<Item = $kind<$a>> + use<$a> };
    ($a:lifetime $object:ident) => { Option<$object<$a>> };
}

/// The body of a field's method.
macro_rules! read {
    ($element:expr, Integer) => {
        values::integer($element?.text())
    };
    ($element:expr, Id) => {
        Id::of($element?)
    };
    ($element:expr, Decimal) => {
        Decimal::new($element?.text())
    };
    ($element:expr, Boolean) => {
        values::boolean($element?.text())
    };
    ($element:expr, Time) => {
        Timestamp::parse($element?.text())
    };
    ($element:expr, Date) => {
        Date::parse($element?.text())
    };
    ($element:expr, Text) => {
        Some($element?.text()).filter(|text| !text.is_empty())
    };
    ($element:expr, Fields) => {
        Fields::new($element)
    };
    ($element:expr, [$item:ident Text]) => {
        values::items($element, stringify!($item)).map(Element::text)
    };
    ($element:expr, [$item:ident $kind:ident]) => {
        values::items($element, stringify!($item)).map($kind::new)
    };
    ($element:expr, $object:ident) => {
        $element.map($object::new)
    };
}

pub(crate) use {kind, read, sent, shapes, view};
