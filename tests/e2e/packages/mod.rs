//! The npm packages, from the files that `make package` makes: a project of somebody who has Node.js and no Rust.

mod cloudflare;
mod deploying;
mod laptop;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use harness::deployment::project;
use harness::languages;
use tempfile::TempDir;

/// A machine with Node.js and nothing else: an empty home, and a PATH with what npm needs.
struct Machine {
    folder: TempDir,
}

/// A package as it would be at npm.
fn packed(name: &str) -> PathBuf {
    let folder = project().join("target/packages");
    let file = folder.join(format!("{name}-{}.tgz", env!("CARGO_PKG_VERSION")));
    assert!(file.is_file(), "{}: run `make package`", file.display());
    file
}

impl Machine {
    fn new() -> Self {
        let machine = Self {
            folder: TempDir::with_prefix("threescale-edge-").unwrap(),
        };
        let programs = machine.path("bin");
        fs::create_dir(&programs).unwrap();
        // The last three are for the guard of the harness.
        for name in ["npm", "npx", "sh", "env", "cat", "sleep", "rm"] {
            symlink(which(name), programs.join(name)).unwrap();
        }
        // The one that the Makefile chose, which may be a version of its own.
        let node = languages::javascript()
            .args(["-p", "process.execPath"])
            .output()
            .unwrap();
        let node = String::from_utf8(node.stdout).unwrap();
        symlink(node.trim(), programs.join("node")).unwrap();
        assert!(!programs.join("cargo").exists());
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command line in this folder of it.
    fn command(&self, folder: &str, words: &[&str]) -> Command {
        let programs = self.path("bin");
        let mut command = Command::new(programs.join(words[0]));
        command
            .args(&words[1..])
            .current_dir(self.path(folder))
            .env_clear()
            .env("PATH", &programs)
            .env("HOME", self.folder.path())
            .env("npm_config_cache", self.path("npm-cache"))
            .env("npm_config_update_notifier", "false")
            .env("WRANGLER_SEND_METRICS", "false")
            .env("CI", "1")
            .env("NO_COLOR", "1");
        // Where this machine finds npm's registry.
        for (name, value) in std::env::vars() {
            let lower = name.to_lowercase();
            if lower.ends_with("_proxy")
                || lower == "npm_config_registry"
                || lower == "node_extra_ca_certs"
            {
                command.env(name, value);
            }
        }
        let npmrc = std::env::var("HOME").map(|home| Path::new(&home).join(".npmrc"));
        if let Ok(npmrc) = npmrc
            && npmrc.is_file()
        {
            command.env("npm_config_userconfig", npmrc);
        }
        command
    }

    fn run(&self, folder: &str, words: &[&str]) -> Output {
        self.command(folder, words).output().unwrap()
    }

    /// `create-threescale-edge` in the folder `edge`, with the modules of the checkout: npm is not asked.
    fn project_without_npm(&self, flags: &[&str]) {
        let create = self.unpacked("create-threescale-edge", "create");
        let script = create.join("bin/create-threescale-edge.mjs");
        let edge = packed("threescale-edge");
        let mut words = vec![
            "node",
            script.to_str().unwrap(),
            "edge",
            "--yes",
            "--no-install",
        ];
        words.extend(["--package", edge.to_str().unwrap()]);
        words.extend(flags);
        let output = self.run("", &words);
        assert!(output.status.success(), "{}", said(&output));
        fs::create_dir(self.path("edge/node_modules")).unwrap();
        self.unpacked("threescale-edge", "edge/node_modules/threescale-edge");
        let modules = project().join("node_modules/wrangler");
        symlink(modules, self.path("edge/node_modules/wrangler")).unwrap();
    }

    fn unpacked(&self, package: &str, folder: &str) -> PathBuf {
        let folder = self.path(folder);
        fs::create_dir_all(&folder).unwrap();
        let status = Command::new("tar")
            .args(["--strip-components=1", "-xzf"])
            .arg(packed(package))
            .arg("-C")
            .arg(&folder)
            .status()
            .unwrap();
        assert!(status.success());
        folder
    }
}

fn which(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{name} is not on the PATH"))
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}
