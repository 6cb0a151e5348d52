// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

//! Many blocks of one file, for tests that compare two decoders. Each record of the file is a kind
//! and a body with its length (u32, little-endian); each gives a verdict on standard output:
//!
//!   's' body of insert_stream: the stream of what follows
//!   'b' body of insert_block
//!   'r' length and bytes of dependencies, bytes of objects; not compressed
//!
//!   "ok N", then N lines      "refused WHY"      "panic"

use crate::lines;
use crate::parser;
use anyhow::{Context, Result, bail};
use micromegas_telemetry::block_wire_format::Block;
use micromegas_telemetry::stream_info::StreamInfo;
use serde_json::{Value as Json, json};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn take<'a>(input: &mut &'a [u8]) -> Result<&'a [u8]> {
    let (length, rest) = input.split_first_chunk::<4>().context("a cut length")?;
    let (bytes, rest) = rest
        .split_at_checked(u32::from_le_bytes(*length) as usize)
        .context("a cut record")?;
    *input = rest;
    Ok(bytes)
}

fn record_lines(stream: &StreamInfo, mut body: &[u8]) -> Result<Vec<Json>> {
    let dependencies = take(&mut body)?;
    let events = parser::events(stream, dependencies, body)?;
    Ok(events
        .into_iter()
        .map(|event| json!({ "event": event }))
        .collect())
}

fn judge(stream: &mut Option<StreamInfo>, kind: u8, body: &[u8]) -> Result<Vec<Json>> {
    if kind == b's' {
        *stream = None;
        *stream = Some(ciborium::from_reader(body)?);
        return Ok(vec![json!({ "stream": stream })]);
    }
    let stream = stream.as_ref().context("no stream")?;
    if kind == b'r' {
        return record_lines(stream, body);
    }
    let block: Block = ciborium::from_reader(body)?;
    parser::block_lines(stream, &block, "")
}

pub fn judge_file(path: &str) -> Result<()> {
    let file = std::fs::read(path).with_context(|| path.to_string())?;
    let mut input = &file[..];
    let mut stream = None;
    std::panic::set_hook(Box::new(|_| {}));
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if input.is_empty() {
        bail!("{path}: holds nothing");
    }
    while let Some((&kind, rest)) = input.split_first() {
        input = rest;
        let body = take(&mut input).with_context(|| path.to_string())?;
        match catch_unwind(AssertUnwindSafe(|| judge(&mut stream, kind, body))) {
            Ok(Ok(lines)) => {
                writeln!(out, "ok {}", lines.len())?;
                for line in &lines {
                    lines::write(&mut out, line)?;
                }
            }
            Ok(Err(error)) => writeln!(out, "refused {}", format!("{error:#}").replace('\n', " "))?,
            Err(_) => writeln!(out, "panic")?,
        }
    }
    out.flush()?;
    Ok(())
}
