//! Names that documents and comments may use although nothing is there, each with its reason.

/// A name that is allowed.
pub(crate) struct Exception {
    /// Where: a file, or the beginning of its path.
    pub(crate) place: &'static str,
    /// The file, folder or target, as it is named there.
    pub(crate) name: &'static str,
    pub(crate) reason: &'static str,
}

pub(crate) const EXCEPTIONS: &[Exception] = &[
    Exception {
        place: "Makefile",
        name: "benches/node_modules/.package-lock.json",
        reason: "npm makes it when the JavaScript parsers are installed",
    },
    Exception {
        place: "Makefile",
        name: "benches/twin/target/index.js",
        reason: "esbuild makes it of the modules beside it",
    },
];
