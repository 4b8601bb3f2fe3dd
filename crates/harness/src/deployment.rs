//! A temporary folder that holds a configuration of the Worker and its state.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::TempDir;
use toml::{Table, Value};

/// A deployment: the project's `wrangler.toml`, or another Worker's, with other variables, secrets beside it, and its
/// own state.
pub struct Deployment {
    folder: TempDir,
    beside: Vec<PathBuf>,
}

impl Deployment {
    /// `vars` are laid over `[vars]`, name by name; `SOURCES` and `DESTINATIONS` thus replace the shipped ones.
    ///
    /// # Errors
    /// When the Worker is not built, or the configuration cannot be read or written.
    pub fn new(vars: Table, secrets: &[(&str, &str)]) -> anyhow::Result<Self> {
        Self::of(&project(), vars, secrets)
    }

    /// The same of the Worker whose `wrangler.toml` is in this folder.
    ///
    /// # Errors
    /// As above.
    pub fn of(worker: &Path, vars: Table, secrets: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut config: Table = fs::read_to_string(worker.join("wrangler.toml"))
            .context("no wrangler.toml")?
            .parse()?;
        let main = config
            .get("main")
            .and_then(Value::as_str)
            .unwrap_or("build/index.js")
            .to_owned();
        let built = worker.join(&main);
        anyhow::ensure!(
            built.is_file(),
            "{} is missing: run `make build` first, or `make bench` for its twin",
            built.display()
        );
        // Nothing is built here: wrangler would run make inside cargo.
        config.remove("build");
        let base = config.entry("vars").or_insert_with(|| Table::new().into());
        base.as_table_mut()
            .context("[vars] is not a table")?
            .extend(vars);

        let deployment = Self {
            folder: tempfile::Builder::new()
                .prefix("threescale-edge-")
                .tempdir()?,
            beside: vec![],
        };
        // A copy, since wrangler restarts the Worker when its files change, and someone else may be building.
        copy_folder(built.parent().unwrap_or(worker), deployment.folder(), &main)?;
        fs::write(deployment.config(), toml::to_string(&config)?)?;
        let lines: Vec<_> = secrets
            .iter()
            .map(|(name, value)| format!("{name}=\"{value}\"\n"))
            .collect();
        fs::write(deployment.secrets(), lines.concat())?;
        Ok(deployment)
    }

    /// Lays sections of `wrangler.toml` over the existing ones, name by name.
    ///
    /// # Errors
    /// When the configuration cannot be read or written.
    pub fn configure(&self, sections: Table) -> anyhow::Result<()> {
        let mut config: Table = fs::read_to_string(self.config())?.parse()?;
        config.extend(sections);
        Ok(fs::write(self.config(), toml::to_string(&config)?)?)
    }

    /// Adds another Worker, to which our bindings can refer: its `wrangler.toml` and its `index.js`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_beside(&mut self, name: &str, config: &str, script: &str) -> anyhow::Result<()> {
        let folder = self.folder().join(name);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("index.js"), script)?;
        fs::write(folder.join("wrangler.toml"), config)?;
        self.beside.push(folder.join("wrangler.toml"));
        Ok(())
    }

    /// The configurations of the Workers beside ours.
    pub fn beside(&self) -> &[PathBuf] {
        &self.beside
    }

    /// Its `wrangler.toml`.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("wrangler.toml")
    }

    /// Its secrets, `.dev.vars`.
    pub fn secrets(&self) -> PathBuf {
        self.folder.path().join(".dev.vars")
    }

    /// For `--persist-to`: Durable Objects and KV.
    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// The folder that contains all of it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Copies the folder of the built Worker to the place that `main` has in the deployment.
fn copy_folder(from: &Path, deployment: &Path, main: &str) -> std::io::Result<()> {
    let to = deployment.join(Path::new(main).parent().unwrap_or(Path::new("")));
    let mut folders = vec![(from.to_owned(), to)];
    while let Some((from, to)) = folders.pop() {
        fs::create_dir_all(&to)?;
        for entry in fs::read_dir(from)? {
            let (from, to) = entry.map(|entry| (entry.path(), to.join(entry.file_name())))?;
            if from.is_dir() {
                folders.push((from, to));
            } else {
                fs::copy(from, to)?;
            }
        }
    }
    Ok(())
}

/// The checkout that this was compiled from.
pub fn project() -> PathBuf {
    // This crate is compiled in crates/harness.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.unwrap_or(Path::new(".")).to_owned()
}
