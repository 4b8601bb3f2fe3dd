//! Any bytes as a form body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use threescale::{Notification, form};

fuzz_target!(|bytes: &[u8]| {
    match form::notification_xml(bytes) {
        Ok(xml) => {
            assert!(!xml.is_empty() && xml.len() <= bytes.len());
            let _ = Notification::parse(&xml);
        }
        Err(error) => assert!(error.offset() <= bytes.len()),
    }
});
