//! What a link from another site shows for a moment.

use askama::Template;

/// A page that calls its own address again: the browser then sends the session, which it withholds from a call that
/// another site's page makes it do.
#[derive(Debug, Template)]
#[template(path = "again.html")]
pub struct AgainPage {}
