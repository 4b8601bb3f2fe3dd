//! A batch of what 3scale failed to deliver, on its way into the inbox.

use serde::Serialize;
use serde_json::Value;

use super::{Head, Intake, Members, Suspect};

/// Entries of 3scale's list; the documents follow, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recovered {
    /// An entry that equals something that was pushed can be judged if 3scale gave it up before this,
    /// in milliseconds since 1970: what was under way at the same time has come in by now.
    pub judge_before: i64,
    /// In the list's order.
    pub entries: Vec<Entry>,
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
    /// What it holds.
    pub what: What,
}

/// What an entry holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// A notification.
    Intake(Intake),
    /// Something that could not be understood.
    Suspect(Suspect),
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

impl Members {
    fn list(&self, name: &str) -> Option<&Vec<Value>> {
        self.0.get(name)?.as_array()
    }

    fn of(value: &Value) -> Option<Self> {
        value.as_object().cloned().map(Self)
    }
}

impl Head for Recovered {
    fn read(members: &Members) -> Option<Self> {
        let entry = |value| Entry::read(&Members::of(value)?);
        Some(Self {
            judge_before: members.integer("judge_before")?,
            entries: members
                .list("entries")?
                .iter()
                .map(entry)
                .collect::<Option<_>>()?,
        })
    }
}

impl Head for Entry {
    fn read(members: &Members) -> Option<Self> {
        let what = members.0.get("what")?;
        let what = if let Some(intake) = what.get("intake") {
            What::Intake(Intake::read(&Members::of(intake)?)?)
        } else {
            What::Suspect(Suspect::read(&Members::of(what.get("suspect")?)?)?)
        };
        Some(Self {
            id: members.text("id")?,
            at: members.integer("at")?,
            length: members.count("length")?,
            what,
        })
    }
}

impl Head for Taken {
    fn read(members: &Members) -> Option<Self> {
        let count = |name| u32::try_from(members.integer(name)?).ok();
        Some(Self {
            taken_in: count("taken_in")?,
            repeats: count("repeats")?,
            known: count("known")?,
            quarantined: count("quarantined")?,
            held: members
                .list("held")?
                .iter()
                .map(|id| id.as_str().map(str::to_owned))
                .collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::wire;

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
        let entry = |id: &str, what| Entry {
            id: id.into(),
            at: 1_700_000_000_999,
            length: 3,
            what,
        };
        let batch = Recovered {
            judge_before: -1,
            entries: vec![
                entry("a", What::Intake(intake)),
                entry("b", What::Suspect(suspect)),
            ],
        };
        let message = wire::pack(&batch, b"onetwo");
        assert_eq!(wire::unpack(&message), Some((batch, &b"onetwo"[..])));
        let taken = Taken {
            taken_in: 1,
            held: vec!["a".into()],
            ..Taken::default()
        };
        let json = serde_json::to_vec(&taken).unwrap();
        assert_eq!(wire::read(&json), Some(taken));
    }
}
