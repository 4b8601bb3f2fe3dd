//! Any element, known or not.

use std::fmt;

use crate::xml::{Document, Node, chars};

/// An element of a notification: the basis of the typed views, and the access to elements that
/// they have no method for.
///
/// ```
/// # let body = br#"<event><action>created</action><type>invoice</type><object><invoice paid="no">
/// #   <line>one</line><line>two</line></invoice></object></event>"#;
/// use threescale::{Notification, Object};
///
/// let notification = Notification::parse(body)?;
/// let Object::Other(invoice) = notification.object() else { unreachable!() };
/// assert_eq!(invoice.name(), "invoice");
/// assert_eq!(invoice.attribute("paid"), Some("no"));
/// assert_eq!(invoice.children().map(|line| line.text()).collect::<Vec<_>>(), ["one", "two"]);
/// # Ok::<(), threescale::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Element<'a> {
    document: &'a Document<'a>,
    index: u32,
}

impl<'a> Element<'a> {
    pub(crate) const fn new(document: &'a Document<'a>, index: u32) -> Self {
        Self { document, index }
    }

    pub(crate) const fn document(self) -> &'a Document<'a> {
        self.document
    }

    pub(crate) const fn index(self) -> u32 {
        self.index
    }

    /// The element's name.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.node().map_or("", |node| node.name)
    }

    /// Its text, white space included; empty if the element is empty or has elements inside.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.node().map_or("", |node| self.document.text(node))
    }

    /// The value of one of its attributes.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<&'a str> {
        self.document
            .attribute(self.node()?, name)
            .map(AsRef::as_ref)
    }

    /// The names and values of its attributes.
    pub fn attributes(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let attributes = self
            .node()
            .map_or(&[][..], |node| self.document.attributes(node));
        attributes
            .iter()
            .map(|attribute| (attribute.name, attribute.value.as_ref()))
    }

    /// The elements directly inside.
    pub fn children(self) -> impl Iterator<Item = Element<'a>> {
        let document = self.document;
        document
            .children(self.index)
            .filter(|(_, node)| !node.is_run())
            .map(move |(index, _)| Self { document, index })
    }

    /// The first element of that name directly inside.
    #[must_use]
    pub fn child(self, name: &str) -> Option<Element<'a>> {
        self.children().find(|child| child.name() == name)
    }

    /// The text of the first element of that name directly inside, without the space around it,
    /// unless nothing is left.
    #[must_use]
    pub(crate) fn child_text(self, name: &str) -> Option<&'a str> {
        Some(chars::trim(self.child(name)?.text())).filter(|text| !text.is_empty())
    }

    fn node(self) -> Option<&'a Node<'a>> {
        self.document.node(self.index)
    }
}

/// Names only: values may be secrets.
impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.name())?;
        f.debug_list()
            .entries(self.children().map(Self::name))
            .finish()
    }
}
