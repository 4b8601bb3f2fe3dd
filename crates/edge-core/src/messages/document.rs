//! A document inside a message: text as it is, other bytes in base64.

use std::{borrow::Cow, ops::Deref};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A document, byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document(pub Vec<u8>);

impl Deref for Document {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form<'d> {
    Text(Cow<'d, str>),
    Base64(String),
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = match std::str::from_utf8(&self.0) {
            Ok(text) => Form::Text(text.into()),
            Err(_) => Form::Base64(STANDARD.encode(&self.0)),
        };
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Form::deserialize(deserializer)? {
            Form::Text(text) => Ok(Self(text.into_owned().into_bytes())),
            Form::Base64(text) => STANDARD.decode(text).map(Self).map_err(de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_arrives_byte_for_byte() {
        for bytes in [
            &b""[..],
            b"<a b=\"c\">\n\0</a>",
            "é\u{1F600}".as_bytes(),
            b"\xff<a/>",
            &[0xc3],
        ] {
            let document = Document(bytes.to_vec());
            let json = serde_json::to_string(&document).unwrap();
            assert_eq!(
                serde_json::from_str::<Document>(&json).unwrap(),
                document,
                "{json}"
            );
        }
        assert!(serde_json::from_str::<Document>(r#"{"base64":"!"}"#).is_err());
    }
}
