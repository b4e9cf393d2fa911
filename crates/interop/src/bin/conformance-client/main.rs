//! A Socket.IO client that does what a list of commands says and prints what it observes: `conformance-client URL NAME`.
//!
//! `NAME` is a scenario of the file that `SCENARIOS` names, by default of `scenarios.json`; `-` reads
//! commands from standard input, one a line. Each observation is one line of JSON. The exit status is
//! 0 after the last command, 2 when something that was waited for did not come, and 64 for what is
//! not supported.

mod actor;
mod commands;
mod observations;
mod options;
mod stage;
mod values;

use commands::Command;
use serde::de::Error;
use stage::Stage;
use std::collections::BTreeMap;
use std::process::ExitCode;
use tokio::io::{AsyncBufReadExt, BufReader};

/// The scenarios that are known without a file.
const SCENARIOS: &str = include_str!("../../../scenarios.json");

/// Exit status for what is not supported.
const UNSUPPORTED: u8 = 64;

/// One thread, so that lines are printed in the order of what they tell.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, name] = &arguments[..] else {
        eprintln!("usage: conformance-client URL NAME");
        return ExitCode::from(UNSUPPORTED);
    };
    let stage = Stage::new(url.trim_end_matches('/').to_owned());
    let name = name.clone();
    // A task like those of the client, and not before them.
    let play = tokio::spawn(async move { play(&stage, &name).await });
    match play.await {
        Ok(Ok(())) => std::process::exit(0),
        Ok(Err(error)) => eprintln!("conformance-client: {error}"),
        Err(error) => eprintln!("conformance-client: {error}"),
    }
    ExitCode::from(UNSUPPORTED)
}

async fn play(stage: &std::sync::Arc<Stage>, name: &str) -> std::io::Result<()> {
    if name == "-" {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Some(line) = lines.next_line().await? {
            if !line.trim().is_empty() {
                stage.run(serde_json::from_str(&line)?, None).await;
            }
        }
    } else {
        for command in scenario(name)? {
            stage.run(command, None).await;
        }
    }
    stage.finish().await;
    Ok(())
}

/// The commands of a scenario. Others of the file may have commands that are not supported.
fn scenario(name: &str) -> std::io::Result<Vec<Command>> {
    let path = std::env::var_os("SCENARIOS").filter(|path| !path.is_empty());
    let text = match path {
        Some(path) => std::fs::read_to_string(path)?,
        None => SCENARIOS.to_owned(),
    };
    let mut scenarios: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text)?;
    let Some(commands) = scenarios.remove(name) else {
        let error = serde_json::Error::custom(format!("there is no scenario {name}"));
        return Err(error.into());
    };
    Ok(serde_json::from_value(commands)?)
}
