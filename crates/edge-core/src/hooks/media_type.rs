//! The kind of body that a `Content-Type` announces.

use crate::problem::Problem;

/// The kinds of body that 3scale sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// The document itself.
    Xml,
    /// The document in a form's field, as old installations send it (3scale's `app/workers/web_hook_worker.rb`).
    Form,
}

impl MediaType {
    /// The kind of a request's body, from its `Content-Type` and `Content-Encoding`.
    ///
    /// # Errors
    ///
    /// No body of this kind, or none that is compressed, is taken.
    pub fn of_request(
        content_type: Option<&str>,
        content_encoding: Option<&str>,
    ) -> Result<Self, Problem> {
        let encoding = content_encoding.unwrap_or_default().trim();
        if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
            return Err(Problem::UnsupportedEncoding);
        }
        let content_type = content_type.unwrap_or_default().trim();
        if content_type.is_empty() {
            return Err(Problem::MissingMediaType);
        }
        Self::of(content_type).ok_or(Problem::UnsupportedMediaType)
    }

    /// `None` for every other kind, and for an encoding other than UTF-8.
    fn of(content_type: &str) -> Option<Self> {
        let mut parts = content_type.split(';').map(str::trim);
        let kind = match parts.next()?.to_ascii_lowercase().as_str() {
            "application/xml" | "text/xml" => Self::Xml,
            "application/x-www-form-urlencoded" => Self::Form,
            _ => return None,
        };
        let utf8 = parts
            .filter_map(|parameter| parameter.split_once('='))
            .all(|(name, value)| {
                let value = value.trim().trim_matches('"');
                !name.trim().eq_ignore_ascii_case("charset")
                    || ["utf-8", "utf8", "us-ascii"]
                        .iter()
                        .any(|known| value.eq_ignore_ascii_case(known))
            });
        utf8.then_some(kind)
    }

    /// The kind's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Xml => "application/xml",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_body_is_named() {
        let of = |kind, encoding| MediaType::of_request(kind, encoding);
        let xml = Some("application/xml");
        assert_eq!(of(xml, None), Ok(MediaType::Xml));
        assert_eq!(of(xml, Some("identity")), Ok(MediaType::Xml));
        for encoding in ["gzip", "br", "GZIP", "gzip, identity"] {
            assert_eq!(of(xml, Some(encoding)), Err(Problem::UnsupportedEncoding));
        }
        for missing in [None, Some(""), Some(" ")] {
            assert_eq!(of(missing, None), Err(Problem::MissingMediaType));
        }
        let other = of(Some("application/json"), None);
        assert_eq!(other, Err(Problem::UnsupportedMediaType));
        let missing = Problem::MissingMediaType.to_string();
        assert!(missing.contains("no Content-Type"), "{missing}");
    }

    #[test]
    fn xml_and_the_legacy_form_are_taken_in_utf_8() {
        for (text, kind) in [
            ("application/xml", Some(MediaType::Xml)),
            ("Text/XML; charset=UTF-8", Some(MediaType::Xml)),
            (
                "application/xml;charset=\"utf-8\"; x=y",
                Some(MediaType::Xml),
            ),
            ("application/x-www-form-urlencoded", Some(MediaType::Form)),
            ("application/xml; charset=iso-8859-1", None),
            ("application/json", None),
            ("application/xhtml+xml", None),
            ("multipart/form-data; boundary=x", None),
            ("", None),
        ] {
            assert_eq!(MediaType::of(text), kind, "{text}");
        }
    }
}
