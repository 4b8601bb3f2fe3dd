//! A batch of what 3scale failed to deliver, on its way into the inbox.

use serde::Serialize;

use super::{Head, Intake, Members, Suspect, pack, unpack};

/// What goes before the entries. Each of them is a message of its own: an [`Entry`], an [`Intake`] or a
/// [`Suspect`] as it says, and the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recovered {
    /// An entry that equals something that was pushed can be judged if 3scale gave it up before this,
    /// in milliseconds since 1970: what was under way at the same time has come in by now.
    pub judge_before: i64,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The id that 3scale gave it.
    pub id: String,
    /// Until when 3scale may have given it up, in milliseconds since 1970: the end of its second.
    pub at: i64,
    /// How long its document is.
    pub length: usize,
    /// Whether it could not be understood.
    pub suspect: bool,
}

/// What an entry holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A notification.
    Intake(Intake),
    /// Something that could not be understood.
    Suspect(Suspect),
}

/// Puts an entry behind those that are there. Its length is that of the document, whatever it says.
pub fn add(message: &mut Vec<u8>, mut entry: Entry, what: &What, document: &[u8]) {
    entry.length = document.len();
    entry.suspect = matches!(what, What::Suspect(_));
    message.extend_from_slice(&pack(&entry, &[]));
    message.extend_from_slice(&match what {
        What::Intake(intake) => pack(intake, document),
        What::Suspect(suspect) => pack(suspect, document),
    });
}

/// Takes the first entry off.
#[must_use]
pub fn next<'m>(message: &mut &'m [u8]) -> Option<(Entry, What, &'m [u8])> {
    let (entry, rest) = unpack::<Entry>(message)?;
    let (what, rest) = if entry.suspect {
        let (suspect, rest) = unpack(rest)?;
        (What::Suspect(suspect), rest)
    } else {
        let (intake, rest) = unpack(rest)?;
        (What::Intake(intake), rest)
    };
    let (document, rest) = rest.split_at_checked(entry.length)?;
    *message = rest;
    Some((entry, what, document))
}

/// What became of a batch. It is committed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// New events.
    pub taken_in: u32,
    /// Entries whose notification had arrived: only our answer was lost.
    pub repeats: u32,
    /// Entries that had been taken in before.
    pub known: u32,
    /// Entries that went to the quarantine.
    pub quarantined: u32,
    /// The ids of those that cannot be judged yet.
    pub held: Vec<String>,
}

impl Head for Recovered {
    fn read(members: &Members) -> Option<Self> {
        Some(Self {
            judge_before: members.integer("judge_before")?,
        })
    }
}

impl Head for Entry {
    fn read(members: &Members) -> Option<Self> {
        Some(Self {
            id: members.text("id")?,
            at: members.integer("at")?,
            length: members.count("length")?,
            suspect: members.0.get("suspect")?.as_bool()?,
        })
    }
}

impl Head for Taken {
    fn read(members: &Members) -> Option<Self> {
        let count = |name| u32::try_from(members.integer(name)?).ok();
        let mut held = Vec::new();
        for id in members.0.get("held")?.as_array()? {
            held.push(id.as_str()?.to_owned());
        }
        Some(Self {
            taken_in: count("taken_in")?,
            repeats: count("repeats")?,
            known: count("known")?,
            quarantined: count("quarantined")?,
            held,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages as wire;

    #[test]
    fn a_batch_and_its_answer_are_read_as_they_were_written() {
        let intake = Intake {
            base: String::new(),
            kind: "user".into(),
            action: "created".into(),
            object: None,
            account: Some("7".into()),
            updated_at: None,
            digest: "00".into(),
            old_secret: false,
        };
        let suspect = Suspect {
            code: "malformed_xml".into(),
            detail: "\n".into(),
            line: 1,
            column: 2,
            media_type: "application/xml".into(),
        };
        let entry = |id: &str| Entry {
            id: id.into(),
            at: 1_700_000_000_999,
            length: 0,
            suspect: false,
        };
        let head = Recovered { judge_before: -1 };
        let mut message = wire::pack(&head, b"");
        let (intake, suspect) = (What::Intake(intake), What::Suspect(suspect));
        add(&mut message, entry("a"), &intake, b"o\nne");
        add(&mut message, entry("b"), &suspect, b"");

        let (found, mut rest) = wire::unpack::<Recovered>(&message).unwrap();
        assert_eq!(found, head);
        let (first, what, document) = next(&mut rest).unwrap();
        assert_eq!(
            (first.id.as_str(), what, document),
            ("a", intake, &b"o\nne"[..])
        );
        let (second, what, document) = next(&mut rest).unwrap();
        assert_eq!(
            (second.id.as_str(), what, document),
            ("b", suspect, &b""[..])
        );
        assert!(rest.is_empty() && next(&mut rest).is_none());
        let taken = Taken {
            taken_in: 1,
            held: vec!["a".into()],
            ..Taken::default()
        };
        let json = serde_json::to_vec(&taken).unwrap();
        assert_eq!(wire::read(&json), Some(taken));
    }
}
