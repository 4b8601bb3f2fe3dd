//! The crate's promises, tested from outside, in one binary so that it is linked once.
#![cfg(test)]

mod digest;
mod failures;
mod form;
mod mapping;
mod model;
mod properties;
mod refused;
mod samples;
mod schemas;
mod typed;
mod values;

use threescale::{Error, Notification, Redact};

/// A notification as 3scale writes it.
fn event(kind: &str, action: &str, object: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><event><action>{action}</action><type>{kind}</type>\
         <object>{object}</object></event>"
    )
}

/// The code with which a document is refused.
fn code(document: impl AsRef<[u8]>) -> &'static str {
    match Notification::parse(document.as_ref()) {
        Ok(_) => "accepted",
        Err(error) => error.code(),
    }
}

fn data(document: &str, redact: &Redact) -> Result<String, Error> {
    let mut out = Vec::new();
    Notification::parse(document.as_bytes())?.write_data(&mut out, redact);
    Ok(String::from_utf8(out).expect("JSON is UTF-8"))
}

/// The object's JSON.
fn object(kind: &str, xml: &str) -> String {
    object_redacted(kind, xml, &Redact::none())
}

fn object_redacted(kind: &str, xml: &str, redact: &Redact) -> String {
    let json = data(&event(kind, "updated", xml), redact).unwrap();
    let start = format!("{{\"type\":\"{kind}\",\"action\":\"updated\",\"object\":");
    json.strip_prefix(&start)
        .and_then(|rest| rest.strip_suffix('}'))
        .unwrap()
        .to_owned()
}

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

/// The bodies of real notifications: names and bytes.
fn bodies() -> Vec<(String, Vec<u8>)> {
    let mut bodies: Vec<_> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            let is_body = name.starts_with("account_")
                || name.starts_with("user_")
                || name.starts_with("application_");
            is_body && name.strip_suffix(".xml").is_some()
        })
        .map(|name| (name.clone(), sample(&name)))
        .collect();
    bodies.sort();
    assert_eq!(bodies.len(), 13);
    bodies
}
