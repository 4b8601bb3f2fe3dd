//! The Worker's environment as the configuration reads it: variables, secrets and bindings.

use std::{cell::RefCell, rc::Rc};

use edge_core::{
    config::{Binding, Environment, Setup},
    location::ParseUrl,
};
use serde_json::Value;
use wasm_bindgen::{JsCast as _, JsValue};
use worker::Env;

use crate::platform;

/// The environment of this Worker.
#[derive(Debug)]
pub struct WorkerEnvironment<'e>(pub &'e Env);

impl Environment for WorkerEnvironment<'_> {
    fn table(&self, name: &str) -> Option<Value> {
        // `wrangler dev --var NAME:{…}` and the dashboard give JSON as text.
        if let Some(text) = self.text(name) {
            return Some(serde_json::from_str(&text).unwrap_or(Value::String(text)));
        }
        // Through text, since the Worker reads JSON anyway: reading JavaScript's objects as well
        // would cost 10 KB.
        let value = js_sys::Reflect::get(self.0, &JsValue::from_str(name)).ok()?;
        let text = js_sys::JSON::stringify(&value).ok()?.as_string()?;
        serde_json::from_str(&text).ok()
    }

    fn text(&self, name: &str) -> Option<String> {
        // Variables and secrets are one kind of binding.
        self.0.var(name).ok().map(|text| text.to_string())
    }

    fn names(&self) -> Vec<String> {
        let names = js_sys::Object::keys(self.0.unchecked_ref::<js_sys::Object>());
        names.iter().filter_map(|name| name.as_string()).collect()
    }

    fn parse_url(&self) -> ParseUrl {
        platform::parse_url
    }

    fn has(&self, kind: Binding, name: &str) -> bool {
        match kind {
            Binding::Kv => self.0.kv(name).is_ok(),
            Binding::Service | Binding::Vpc => self.0.service(name).is_ok(),
            Binding::Queue => self.0.queue(name).is_ok(),
        }
    }
}

thread_local! {
    static SETUP: RefCell<Option<Rc<Setup>>> = const { RefCell::new(None) };
}

/// The configuration, read once per instance of the Worker: variables and secrets do not change during its life.
#[must_use]
pub fn setup(env: &Env) -> Rc<Setup> {
    SETUP.with_borrow_mut(|setup| {
        Rc::clone(setup.get_or_insert_with(|| Rc::new(Setup::read(&WorkerEnvironment(env)))))
    })
}
