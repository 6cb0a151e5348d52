// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

//! What the official software reads in requests that were sent to an ingestion server.
//!
//!   official parser FOLDER   every process, stream, block and event, a JSON line each
//!   official rows FOLDER     the rows of logs, measures, thread spans and async events
//!   official judge FILE      for each of many blocks: what it holds, or why it is refused
//!
//! A folder holds bodies as NNNNNN-{process,stream,block}.cbor. Errors name the file; the exit code
//! is then 1.

mod folder;
mod judge;
mod lines;
mod parser;
#[cfg(feature = "rows")]
mod rows;

use std::process::ExitCode;

fn run(command: &str, path: &str) -> anyhow::Result<()> {
    match command {
        "parser" => parser::print_folder(path),
        "judge" => judge::judge_file(path),
        #[cfg(feature = "rows")]
        "rows" => rows::print_folder(path),
        _ => anyhow::bail!("unknown command '{command}' (was this built without its feature?)"),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [command, path] = arguments.as_slice() else {
        eprintln!("usage: official parser|rows|judge PATH");
        return ExitCode::from(2);
    };
    match run(command, path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("official: {error:#}");
            ExitCode::FAILURE
        }
    }
}
