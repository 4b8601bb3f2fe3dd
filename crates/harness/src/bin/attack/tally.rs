//! The count of what a group tried, with each thing that did not hold.

use std::fs;
use std::path::PathBuf;

use harness::deployment::project;
use tokio::time::Instant;

/// `Err` says what happened in place of what had to.
pub(crate) type Verdict = Result<(), String>;

/// The failures of a group that are shown and written; all are counted.
const MOST_SHOWN: usize = 20;
/// The longest text of others that is shown.
const MOST_CHARACTERS: usize = 400;

/// The count of one group.
pub(crate) struct Tally {
    name: &'static str,
    seed: u64,
    began: Instant,
    tried: u64,
    failed: u64,
    shown: Vec<Failure>,
}

struct Failure {
    what: String,
    why: String,
    evidence: Option<PathBuf>,
}

impl Tally {
    pub(crate) fn new(name: &'static str, seed: u64) -> Self {
        Self {
            name,
            seed,
            began: Instant::now(),
            tried: 0,
            failed: 0,
            shown: vec![],
        }
    }

    /// Counts an attack, and whether the Worker held.
    pub(crate) fn holds(&mut self, what: &str, verdict: Verdict) {
        self.holds_against(what, verdict, &[]);
    }

    /// The same for an attack that is worth a file if the Worker did not hold.
    pub(crate) fn holds_against(&mut self, what: &str, verdict: Verdict, attack: &[u8]) {
        self.tried += 1;
        let Err(why) = verdict else { return };
        self.failed += 1;
        let why = cut(&why);
        println!("  {}: {what}: {why}", self.name);
        if self.shown.len() < MOST_SHOWN {
            let evidence = (!attack.is_empty()).then(|| self.write(attack)).flatten();
            let what = what.to_owned();
            self.shown.push(Failure {
                what,
                why,
                evidence,
            });
        }
    }

    /// Says what is being done.
    pub(crate) fn says(&self, progress: &str) {
        println!(
            "{:>5} s  {}: {progress}",
            self.began.elapsed().as_secs(),
            self.name
        );
    }

    pub(crate) fn tried(&self) -> u64 {
        self.tried
    }

    pub(crate) fn held(&self) -> u64 {
        self.tried - self.failed
    }

    /// A row of the table.
    pub(crate) fn line(&self) -> String {
        format!(
            "{:<12} {:>7} tried {:>7} held",
            self.name,
            self.tried,
            self.held()
        )
    }

    /// Each failure, with what is needed to see it again.
    pub(crate) fn print_failures(&self) {
        for failure in &self.shown {
            println!("  {}: {}", failure.what, failure.why);
            if let Some(file) = &failure.evidence {
                println!("    sent: {}", file.display());
            }
            println!(
                "    again: make attack ARGS='--seed {} --only {}'",
                self.seed, self.name
            );
        }
    }

    fn write(&self, attack: &[u8]) -> Option<PathBuf> {
        let folder = project().join("target/attack");
        let file = folder.join(format!("{}-{}", self.name, self.shown.len()));
        fs::create_dir_all(&folder).ok()?;
        fs::write(&file, attack).ok()?;
        Some(file)
    }
}

fn cut(text: &str) -> String {
    let text = text.replace(['\r', '\n'], " ");
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
