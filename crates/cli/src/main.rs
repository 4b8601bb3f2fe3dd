//! `threescale-edge`, the command.
#![expect(
    clippy::disallowed_methods,
    reason = "native code: the clock exists here"
)]

mod api;
mod args;
mod forward;
mod listen;
mod operators;
mod show;
mod socket;
mod state;
mod status;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{
    api::Api,
    args::{Action, Command},
    show::Show,
};

fn main() -> ExitCode {
    let command = Command::parse();
    // The WebSocket's TLS takes the process's provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("threescale-edge: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    let show = Show::new(command.global.json);
    if let Action::Listen(listen) = &command.action
        && listen.print_secret
    {
        show::println(&state::secret(&state::folder(listen.state.as_deref())?)?.0);
        return Ok(ExitCode::SUCCESS);
    }
    let api = Api::new(&command.global)?;
    match command.action {
        Action::Listen(listen) => listen::run(&api, &listen, show)?,
        Action::Status => return status::run(&api, show),
        action => operators::run(&api, action, show)?,
    }
    Ok(ExitCode::SUCCESS)
}
