//! What a listener remembers: its secret, and how far it has got. A file is written beside its place and renamed, so
//! that a kill at any moment leaves the old one or the new one.

use std::{
    collections::BTreeSet,
    env,
    fs::{self, File, OpenOptions, TryLockError},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use edge_core::messages::feed::FeedItem;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

const SECRET: &str = "listening-secret";
/// As Standard Webhooks recommends.
const SECRET_BYTES: usize = 32;

/// How far a listener has got.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// The feed's cursor; `None` if it has none yet.
    pub(crate) cursor: Option<String>,
    /// What comes after the cursor and is done already.
    pub(crate) done: BTreeSet<String>,
    /// What it listens to, for whoever reads the file.
    pub(crate) listens_to: String,
}

/// How a file names an item: an event comes as often as it is replayed.
pub(crate) fn key(item: &FeedItem) -> String {
    match item.replayed_at {
        Some(at) => format!("{}@{at}", item.summary.id),
        None => item.summary.id.to_string(),
    }
}

/// The files of one listener.
pub(crate) struct State {
    folder: PathBuf,
    file: PathBuf,
    pub(crate) progress: Progress,
    /// Held while this program runs.
    _lock: File,
}

impl State {
    /// Opens the files of the listener to this. Two of them at the same time would overwrite each other's progress.
    pub(crate) fn open(folder: &Path, listens_to: &str) -> anyhow::Result<Self> {
        make_folder(folder)?;
        let hash: [u8; 32] = Sha256::digest(listens_to).into();
        let name = hash
            .iter()
            .take(8)
            .fold(0_u64, |name, byte| name << 8 | u64::from(*byte));
        let file = folder.join(format!("listen-{name:016x}.json"));
        let lock = file.with_extension("lock");
        let lock = private()
            .create(true)
            .truncate(false)
            .open(&lock)
            .with_context(|| format!("cannot open {}", lock.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "another `threescale-edge listen` follows the same on this machine: end it, or give this one a folder of its own with --state"
            ),
            Err(TryLockError::Error(error)) => return Err(error).context("cannot lock the state"),
        }
        let progress = match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).with_context(|| {
                format!(
                    "{} cannot be read: remove it to begin anew, with --since for what was missed",
                    file.display()
                )
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => Progress {
                listens_to: listens_to.to_owned(),
                ..Progress::default()
            },
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", file.display()));
            }
        };
        Ok(Self {
            folder: folder.to_owned(),
            file,
            progress,
            _lock: lock,
        })
    }

    /// Writes how far the listener has got, onto the disk.
    pub(crate) fn save(&self) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(&self.progress)?;
        let temporary = self.file.with_extension("new");
        let write = || {
            let mut file = private().create(true).truncate(true).open(&temporary)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&temporary, &self.file)
        };
        write().with_context(|| format!("cannot write {}", self.file.display()))
    }

    /// The secret with which events are signed on their way to the local service, and whether it is new.
    pub(crate) fn secret(&self) -> anyhow::Result<(String, bool)> {
        secret(&self.folder)
    }
}

/// The listening secret of a folder: made once.
pub(crate) fn secret(folder: &Path) -> anyhow::Result<(String, bool)> {
    make_folder(folder)?;
    let file = folder.join(SECRET);
    let existing = || {
        let text = fs::read_to_string(&file)?;
        let text = text.trim().to_owned();
        let is_whole = text
            .strip_prefix("whsec_")
            .is_some_and(|rest| STANDARD.decode(rest).is_ok_and(|bytes| bytes.len() >= 24));
        if is_whole {
            Ok(text)
        } else {
            Err(std::io::Error::from(ErrorKind::InvalidData))
        }
    };
    match existing() {
        Ok(secret) => return Ok((secret, false)),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error).with_context(|| {
                format!(
                    "{} has no secret as it was written: remove it, and a new one is made",
                    file.display()
                )
            });
        }
    }
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).context("no randomness")?;
    let secret = format!("whsec_{}", STANDARD.encode(bytes));
    // Two listeners that begin at the same moment agree: a link is made once.
    let temporary = folder.join(format!("{SECRET}.{}", std::process::id()));
    let mut new = private().create(true).truncate(true).open(&temporary)?;
    writeln!(new, "{secret}")?;
    new.sync_all()?;
    let linked = fs::hard_link(&temporary, &file);
    fs::remove_file(&temporary)?;
    match linked {
        Ok(()) => Ok((secret, true)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok((existing()?, false)),
        Err(error) => Err(error).with_context(|| format!("cannot write {}", file.display())),
    }
}

/// The folder for state: XDG's, unless one is named.
pub(crate) fn folder(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let set = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = set("XDG_STATE_HOME")
        .or_else(|| set("LOCALAPPDATA"))
        .or_else(|| set("HOME").map(|home| home.join(".local/state")));
    let base = base.context("no HOME: name a folder with --state")?;
    Ok(base.join("threescale-edge"))
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))
}

/// For the user alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_made_once_for_the_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (first, is_new) = secret(folder.path()).unwrap();
        assert!(is_new && first.starts_with("whsec_"));
        assert_eq!(secret(folder.path()).unwrap(), (first, false));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let file = fs::metadata(folder.path().join(SECRET)).unwrap();
            assert_eq!(file.permissions().mode() & 0o777, 0o600);
        }
        fs::write(folder.path().join(SECRET), "whsec_x").unwrap();
        assert!(secret(folder.path()).is_err());
    }

    #[test]
    fn progress_is_kept_for_each_thing_that_is_listened_to_and_by_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut one = State::open(folder.path(), "https://a acme").unwrap();
        assert!(State::open(folder.path(), "https://a acme").is_err());
        let other = State::open(folder.path(), "https://a other").unwrap();
        one.progress.cursor = Some("1~acme:2:1:0".to_owned());
        one.progress.done.insert("x".to_owned());
        one.save().unwrap();
        let progress = one.progress.clone();
        drop(one);
        assert_eq!(
            State::open(folder.path(), "https://a acme")
                .unwrap()
                .progress,
            progress
        );
        assert_eq!(other.progress.cursor, None);
    }
}
