//! What a configuration says, for the program that runs or deploys it: mistakes, and the secrets that it needs.

use std::rc::Rc;

use edge_core::{
    config::{Destination, Finding, HttpOptions, Route, Setup, Source, Transport},
    location::Location,
};
use serde::Serialize;

use crate::files::Files;

/// What was found. As JSON it is what the package's commands work with.
#[derive(Serialize)]
pub struct Report {
    /// What keeps a part of the Worker from working.
    pub mistakes: Vec<Finding>,
    /// What works and deserves a look.
    pub warnings: Vec<Finding>,
    /// The Worker's name.
    pub name: Option<String>,
    /// The file that is uploaded.
    pub main: Option<String>,
    /// `PUBLIC_URL`.
    pub public_url: Option<String>,
    /// The tenants that send.
    pub sources: Vec<SourceReport>,
    /// The secrets that a deployment must have, and those that it should.
    pub secrets: Vec<NeededSecret>,
}

/// A source, as far as it is no secret.
#[derive(Serialize)]
pub struct SourceReport {
    name: String,
    secret_param: String,
    admin_url: Option<String>,
    /// The variables of its secrets.
    secret: String,
    access_token: String,
}

/// A secret that Cloudflare must be given.
#[derive(Serialize, PartialEq, Eq, Debug)]
pub struct NeededSecret {
    /// The variable.
    pub name: String,
    /// How a value can be made; somebody else issues those that cannot.
    pub made: Option<Made>,
    /// What it is for, in a few words.
    pub purpose: String,
}

/// Ways to make a secret.
#[derive(Serialize, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Made {
    /// Random digits.
    Hex,
    /// A key of Standard Webhooks.
    Signing,
}

impl Report {
    pub(crate) fn new(files: &Files, setup: Setup, address: &Location) -> Self {
        let mistakes = setup.mistakes_at(address).cloned().collect();
        let config = Rc::clone(&setup.config);
        let token = NeededSecret {
            name: "CONSOLE_TOKEN".to_owned(),
            made: Some(Made::Hex),
            purpose: "the token of the console and the API".to_owned(),
        };
        let of_sources = config.sources.iter().map(source_secret);
        let of_destinations = config.destinations.iter().filter_map(destination_secret);
        Self {
            mistakes,
            warnings: setup.warnings,
            name: files.top("name"),
            main: files.top("main"),
            public_url: config.public_url.clone(),
            sources: config.sources.iter().map(SourceReport::new).collect(),
            secrets: of_sources.chain([token]).chain(of_destinations).collect(),
        }
    }
}

impl SourceReport {
    fn new(source: &Source) -> Self {
        let name = source.name.env_name();
        Self {
            name: source.name.as_str().to_owned(),
            secret_param: source.secret_param.clone(),
            admin_url: source.admin_url.clone(),
            secret: format!("SOURCE_{name}_SECRET"),
            access_token: format!("SOURCE_{name}_ACCESS_TOKEN"),
        }
    }
}

fn source_secret(source: &Source) -> NeededSecret {
    NeededSecret {
        name: format!("SOURCE_{}_SECRET", source.name.env_name()),
        made: Some(Made::Hex),
        purpose: format!(
            "the secret that 3scale sends to the source {}",
            source.name.as_str()
        ),
    }
}

/// A URL that is not in `wrangler.toml`, else the key that signs what is sent to a URL.
fn destination_secret(destination: &Destination) -> Option<NeededSecret> {
    let Some(Transport::Http {
        route: Route::Url { .. },
        options: HttpOptions { secrets, .. },
    }) = &destination.transport
    else {
        return None;
    };
    let (name, variable) = (destination.name.as_str(), destination.name.env_name());
    Some(if secrets.url.is_some() {
        NeededSecret {
            name: format!("DESTINATION_{variable}_URL"),
            made: None,
            purpose: format!("the URL of the destination {name}"),
        }
    } else {
        NeededSecret {
            name: format!("DESTINATION_{variable}_SIGNING_SECRET"),
            made: Some(Made::Signing),
            purpose: format!("the key that signs what {name} gets"),
        }
    })
}
