//! What every page has around it.

use askama::Template;

use crate::{link::Query, markup::Markup};

/// The page that a part of the navigation leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say what each is")]
pub enum Tab {
    Events,
    Objects,
    Replays,
    Destinations,
    Sources,
    Quarantine,
    Health,
    Audit,
    /// The sign-in page, or an error's.
    None,
}

impl Tab {
    /// The navigation, in its order: each with its path, its words and its icon.
    pub const NAVIGATION: [(Self, &'static str, &'static str, &'static str); 8] = [
        (Self::Events, "/console/events", "Events", "inbox"),
        (Self::Objects, "/console/objects", "Objects", "boxes"),
        (
            Self::Destinations,
            "/console/destinations",
            "Destinations",
            "send",
        ),
        (Self::Replays, "/console/replays", "Replays", "rotate-ccw"),
        (Self::Sources, "/console/sources", "Sources", "plug"),
        (
            Self::Quarantine,
            "/console/quarantine",
            "Quarantine",
            "shield-alert",
        ),
        (Self::Health, "/console/health", "Health", "heart-pulse"),
        (Self::Audit, "/console/audit", "Audit", "scroll-text"),
    ];
}

/// A whole page. What is around it is compiled once, and not into each template.
#[derive(Debug, Template)]
#[template(path = "layout.html")]
pub struct Layout<'p> {
    /// What is around it.
    pub frame: &'p Frame,
    /// The page.
    pub content: Markup,
}

/// A page with something around it.
pub trait Page: Template {
    /// What is around it.
    fn frame(&self) -> &Frame;
}

/// What every page has around it.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The title.
    pub title: String,
    /// Where in the navigation it is.
    pub tab: Tab,
    /// The operator's name, if it is known.
    pub operator: Option<String>,
    /// `true` if the operator may change things.
    pub may_write: bool,
    /// What each form that changes something has to carry.
    pub form_token: String,
    /// `light` or `dark` if the operator has chosen; else empty, and the browser's setting counts.
    pub theme: &'static str,
    /// The version of this Worker.
    pub version: &'static str,
    /// What was just done, for a line on top.
    pub done: &'static str,
    /// The time, in milliseconds since 1970.
    pub now_ms: i64,
}

impl Frame {
    /// The theme that a `Cookie` header names.
    #[must_use]
    pub fn theme_of(cookies: &str) -> &'static str {
        let mut cookies = cookies.split(';').map(str::trim);
        match cookies.find_map(|cookie| cookie.strip_prefix("theme=")) {
            Some("light") => "light",
            Some("dark") => "dark",
            _ => "",
        }
    }

    /// What the parameter `done` of an address says: one of our own sentences, never the address's words.
    #[must_use]
    pub fn done_of(query: &Query) -> &'static str {
        match query.get("done") {
            "replayed" => "Sending again. The attempts show up below as they are made.",
            "replayed-some" => "The selected events are being sent again.",
            "paused" => "Paused. Deliveries wait until you resume.",
            "resumed" => "Resumed. Waiting deliveries are being sent.",
            "dropped" => "Dropped.",
            "tested" => "The test event is on its way to that destination alone.",
            "cancelled" => "Cancelled. What had begun is still sent.",
            "reparsed" => "Parsed again. What could be parsed is among the events.",
            "unparsable" => "It cannot be parsed now either.",
            "recovery" => "A step of recovery was made.",
            "registered-otherwise" => {
                "3scale took our settings but shows others for some of them: look at its page Webhooks."
            }
            "registered" => "3scale has our URL and the switches.",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_chooses_among_our_themes_and_an_address_among_our_sentences() {
        assert_eq!(Frame::theme_of("a=b; theme=dark"), "dark");
        assert_eq!(Frame::theme_of("theme=\"><script>"), "");
        assert_eq!(Frame::done_of(&Query::read("done=<b>")), "");
        assert!(Frame::done_of(&Query::read("done=paused")).starts_with("Paused"));
    }
}
