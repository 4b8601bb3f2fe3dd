//! The endpoints that 3scale calls: stateless, and run wherever the call arrives. Nothing here waits: `js/hook.js` reads
//! the body and calls the inbox, since a future costs as much as all of this.

use std::mem;

use edge_core::{
    excerpt::{IN_LINE, excerpt},
    hooks::{
        admission::admit,
        reading::{BodyHeaders, Parsed, Reading},
    },
    messages::{
        InboxRequest,
        care::Pinged,
        decode, encode,
        intake::{Intake, Receipt},
    },
    problem::Problem,
};
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsError, JsValue, prelude::wasm_bindgen};
use worker::{Env, Result, web_sys::Response};

use crate::{
    environment, http,
    log::{self, Ingest},
    platform::{self, now_ms},
};

/// A call of a hook, from its first line to its answer.
#[wasm_bindgen]
#[derive(Debug)]
pub struct HookCall {
    began: i64,
    stage: Stage,
    line: Ingest,
}

/// How far a call has come.
#[derive(Debug)]
enum Stage {
    /// The body is being read.
    Reading(Box<Reading>),
    /// It was read, and is to be handed over.
    Parsed(Box<Parsed>),
    /// It asks whether it would be admitted. If it is 3scale's Ping! button, this inbox is told.
    Ping { inbox: Option<String> },
    /// It is refused.
    Refused(Problem),
}

/// Begins a call. `None` if the URL is not a hook's.
#[wasm_bindgen(js_name = beginHookCall)]
#[must_use]
pub fn begin(
    env: &Env,
    url: &str,
    method: &str,
    content_type: Option<String>,
    content_encoding: Option<String>,
    content_length: Option<String>,
) -> Option<HookCall> {
    let url = platform::parse_url(url)?;
    let mut segments = url.path.strip_prefix("/hooks/")?.split('/');
    let (Some(name), None) = (segments.next(), segments.next()) else {
        return None;
    };
    let setup = environment::setup(env);
    let config = &setup.config;
    let mut line = Ingest {
        source: config.source(name).map(|source| source.name.to_string()),
        ..Ingest::default()
    };
    let stage = admit(&url, method, config, name).and_then(|caller| {
        line.secret = caller.old_secret.then_some("old");
        if method == "GET" {
            let inbox = caller.pinged(&url.query);
            return Ok(Stage::Ping { inbox });
        }
        let headers = BodyHeaders {
            content_type,
            content_encoding,
            content_length,
        };
        let base = config.public_url.as_ref().unwrap_or(&url.origin);
        let reading = Reading::begin(&caller, &headers, base.clone())?;
        Ok(Stage::Reading(Box::new(reading)))
    });
    Some(HookCall {
        began: now_ms(),
        stage: stage.unwrap_or_else(Stage::Refused),
        line,
    })
}

#[wasm_bindgen]
impl HookCall {
    /// `true` if its body is to be read.
    #[wasm_bindgen(js_name = readsBody)]
    #[must_use]
    pub fn reads_body(&self) -> bool {
        matches!(self.stage, Stage::Reading(_))
    }

    /// `true` if the length of its body is announced, and within the limit.
    #[wasm_bindgen(js_name = isAnnounced)]
    #[must_use]
    pub fn is_announced(&self) -> bool {
        matches!(&self.stage, Stage::Reading(reading) if reading.is_announced())
    }

    /// Takes a chunk of the body. `false` if no more is wanted.
    pub fn read(&mut self, chunk: Vec<u8>) -> bool {
        let Stage::Reading(reading) = &mut self.stage else {
            return false;
        };
        if let Err(problem) = reading.push(chunk) {
            self.stage = Stage::Refused(problem);
            return false;
        }
        true
    }

    /// The connection broke off in the middle of the body.
    #[wasm_bindgen(js_name = breakOff)]
    pub fn break_off(&mut self) {
        self.stage = Stage::Refused(Problem::IncompleteBody);
    }

    /// Parses the body: this one, or what was read of it. Returns the name of the inbox that has to hear of the call, if
    /// there is one.
    #[must_use]
    pub fn parse(&mut self, whole: Option<Vec<u8>>) -> Option<String> {
        if let Some(body) = whole {
            self.read(body);
        }
        let stage = mem::replace(&mut self.stage, Stage::Refused(Problem::IncompleteBody));
        self.stage = match stage {
            Stage::Reading(reading) => match reading.end() {
                Ok(parsed) => Stage::Parsed(Box::new(parsed)),
                Err(problem) => Stage::Refused(problem),
            },
            other => other,
        };
        match &self.stage {
            Stage::Parsed(parsed) => match &**parsed {
                Parsed::Event { inbox, .. } | Parsed::Unreadable { inbox, .. } => {
                    Some(inbox.clone())
                }
            },
            Stage::Ping { inbox } => inbox.clone(),
            Stage::Reading(_) | Stage::Refused(_) => None,
        }
    }

    /// The facts about a notification that the inbox needs, for its method `push`. `None` if the body is none.
    ///
    /// # Errors
    ///
    /// It has no JSON form, which is a mistake in its type.
    pub fn facts(&self) -> Result<Option<String>, JsError> {
        let Some(Parsed::Event { push, .. }) = self.parsed() else {
            return Ok(None);
        };
        Ok(Some(serde_json::to_string(push)?))
    }

    /// The document, unless it is the body as it came in one piece.
    #[must_use]
    pub fn document(&self) -> Option<ArrayBuffer> {
        match self.parsed()? {
            Parsed::Event { document, .. } => {
                let document = Uint8Array::from(document.as_deref()?);
                Some(document.buffer())
            }
            Parsed::Unreadable { .. } => None,
        }
    }

    /// The message for the inbox's method `ask`: it puts the body into the quarantine, or tells of a Ping!.
    ///
    /// # Errors
    ///
    /// It has no JSON form, which is a mistake in its type.
    pub fn message(&self) -> Result<Uint8Array, JsError> {
        let request = match self.parsed() {
            Some(Parsed::Unreadable { quarantine, .. }) => quarantine.clone().into(),
            _ => InboxRequest::from(Pinged {}),
        };
        Ok(Uint8Array::from(encode(&request)?.as_slice()))
    }

    /// The answer, once the inbox has committed what it was handed. `reply` is what it said.
    ///
    /// # Errors
    ///
    /// The runtime could not build it.
    pub fn answer(mut self, reply: &JsValue) -> Result<Response, JsValue> {
        let stage = mem::replace(&mut self.stage, Stage::Refused(Problem::IncompleteBody));
        let response = match stage {
            Stage::Ping { .. } => {
                self.line.outcome = "ping";
                http::ok(&JsValue::from_str(r#"{"status":"ok"}"#))
            }
            Stage::Refused(problem) => self.refuse(&problem),
            Stage::Reading(_) => self.refuse(&Problem::IncompleteBody),
            Stage::Parsed(parsed) => match *parsed {
                Parsed::Event { push, bytes, .. } => {
                    let Intake {
                        kind,
                        action,
                        object,
                        ..
                    } = push.intake;
                    self.line.bytes = Some(bytes);
                    let kind = format!("{kind}.{action}");
                    self.line.kind = Some(excerpt(&kind, IN_LINE).into_owned());
                    self.line.object = object.map(|id| excerpt(&id, IN_LINE).into_owned());
                    self.accept(reply)
                }
                Parsed::Unreadable {
                    error, quarantine, ..
                } => {
                    self.line.bytes = Some(quarantine.body.0.len());
                    match decode(&Uint8Array::new(reply).to_vec()) {
                        Ok(is_kept) => self.refuse(&Problem::Unreadable { error, is_kept }),
                        Err(error) => self.unread(&error),
                    }
                }
            },
        };
        Ok(self.logged(response?))
    }

    /// The answer if the inbox could not be reached, or did not commit. The reason is for the operator; 3scale only has
    /// to send it again.
    ///
    /// # Errors
    ///
    /// The runtime could not build it.
    pub fn unavailable(mut self, error: &str) -> Result<Response, JsValue> {
        log::error("handing over to the inbox", &error);
        let response = self.refuse(&Problem::Unavailable);
        Ok(self.logged(response?))
    }
}

impl HookCall {
    fn parsed(&self) -> Option<&Parsed> {
        match &self.stage {
            Stage::Parsed(parsed) => Some(parsed),
            _ => None,
        }
    }

    /// The inbox's receipt is the answer, as it is.
    fn accept(&mut self, receipt: &JsValue) -> Result<Response> {
        let text = receipt.as_string().unwrap_or_default();
        match decode::<Receipt>(text.as_bytes()) {
            Ok(Receipt { id, status }) => {
                self.line.id = Some(id);
                self.line.outcome = status.as_str();
                http::ok(receipt)
            }
            Err(error) => self.unread(&error),
        }
    }

    /// The inbox's reply cannot be read, so nobody knows what it has done.
    fn unread(&mut self, error: &serde_json::Error) -> Result<Response> {
        log::error("reading an inbox's reply", error);
        self.refuse(&Problem::Unavailable)
    }

    fn refuse(&mut self, problem: &Problem) -> Result<Response> {
        self.line.outcome = problem.code();
        self.line.detail = Some(problem.for_log());
        Ok(http::problem(problem)?.into())
    }

    fn logged(mut self, response: Response) -> Response {
        self.line.status = response.status();
        self.line.ms = now_ms() - self.began;
        log::ingest(&self.line);
        response
    }
}

/// Fails with this error. worker-build's wrapper looks at errors of exported functions: after a trap it starts
/// WebAssembly anew.
///
/// # Errors
///
/// Always.
#[wasm_bindgen]
pub fn rethrow(error: JsValue) -> Result<(), JsValue> {
    Err(error)
}
