//! The messages between the parts of the Worker: the hooks, the API and the cron ask an inbox or a recovery, and each
//! operation has one request type and one reply type, the same on both sides.
//!
//! A message is JSON. During a deployment an old Worker may speak to a new object, or the reverse: an unknown field is
//! ignored, and a request that cannot be read is an error, after which 3scale sends again.

pub mod audit;
pub mod care;
pub mod destinations;
pub mod document;
pub mod events;
pub mod feed;
pub mod front_page;
pub mod intake;
pub mod metrics;
pub mod objects;
pub mod order;
pub mod quarantine;
pub mod recovered;
pub mod recovery;
pub mod replays;
pub mod statistics;

use serde::{Serialize, de::DeserializeOwned};

/// An operation that one part asks of another.
pub trait Operation: Into<Self::Request> {
    /// All operations of that part.
    type Request: Serialize + DeserializeOwned;
    /// The reply to this operation.
    type Reply: Serialize + DeserializeOwned;
}

/// Serializes a request or a reply.
///
/// # Errors
///
/// The value has no JSON form, which is a mistake in its type.
pub fn encode(message: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(message)
}

/// Parses a request or a reply.
///
/// # Errors
///
/// The bytes are not such a message.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(bytes)
}

/// Declares all operations of one part, each with its reply.
macro_rules! operations {
    ($(#[$doc:meta])* $request:ident { $($operation:ident -> $reply:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
        pub enum $request {
            $(
                #[doc = concat!("See [`", stringify!($operation), "`].")]
                $operation($operation),
            )*
        }

        $(
            impl From<$operation> for $request {
                fn from(operation: $operation) -> Self {
                    Self::$operation(operation)
                }
            }

            impl Operation for $operation {
                type Request = $request;
                type Reply = $reply;
            }
        )*
    };
}

use self::{
    audit::{Action, ListActions, RecordAction},
    care::{LookAround, OldSecretUse, Pinged, RaiseAlert},
    destinations::{DestinationOverview, DropDestination, ListDestinations, PauseDestination},
    events::{
        EventDetails, EventPage, ExportEvents, ExportPage, GetEvent, ListEvents, ReplayEvent,
        ReplayedEvent, SendTest,
    },
    feed::{FeedPage, ReadFeed},
    front_page::{FrontPage, ShowFrontPage},
    intake::{Quarantine, Receipt},
    metrics::{GetMetrics, InboxMetrics},
    objects::{GetObject, ListObjects, ObjectDetails, ObjectSummary},
    order::{AskEarlier, EarlierEvents},
    quarantine::{
        DropQuarantined, GetQuarantined, ListQuarantine, QuarantinedBody, QuarantinedDetails,
        TakeReparsed,
    },
    recovered::{BatchReceipt, RecoveredBatch},
    recovery::{LastStep, RunIfDue, RunStep, StepReport},
    replays::{CancelReplay, GetReplay, ListReplays, ReplayCount, ReplayProgress, StartReplay},
    statistics::{CountHours, HourCounts},
};
use crate::{id::EventId, time::UnixMillis};

operations! {
    /// All operations of an inbox.
    InboxRequest {
        Quarantine -> bool,
        RecoveredBatch -> BatchReceipt,
        LookAround -> Option<UnixMillis>,
        RaiseAlert -> (),
        OldSecretUse -> Option<UnixMillis>,
        Pinged -> (),
        ListDestinations -> Vec<DestinationOverview>,
        PauseDestination -> Vec<DestinationOverview>,
        DropDestination -> Vec<DestinationOverview>,
        ListEvents -> EventPage,
        GetEvent -> Option<EventDetails>,
        ReplayEvent -> Option<ReplayedEvent>,
        ListReplays -> Vec<ReplayProgress>,
        StartReplay -> ReplayCount,
        AskEarlier -> EarlierEvents,
        GetReplay -> Option<ReplayProgress>,
        CancelReplay -> Option<ReplayProgress>,
        ExportEvents -> ExportPage,
        SendTest -> Option<EventId>,
        ListObjects -> Vec<ObjectSummary>,
        GetObject -> Option<ObjectDetails>,
        GetMetrics -> InboxMetrics,
        CountHours -> HourCounts,
        RecordAction -> (),
        ListActions -> Vec<Action>,
        ListQuarantine -> Vec<QuarantinedBody>,
        GetQuarantined -> Option<QuarantinedDetails>,
        DropQuarantined -> bool,
        TakeReparsed -> Receipt,
        ReadFeed -> FeedPage,
        ShowFrontPage -> FrontPage,
    }
}

operations! {
    /// All operations of a recovery.
    RecoveryRequest {
        RunStep -> StepReport,
        RunIfDue -> (),
        LastStep -> StepReport,
    }
}

#[cfg(test)]
mod tests;
