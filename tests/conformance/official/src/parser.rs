// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

//! Depth 1: envelopes and payloads by the crates that both the server and the analytics use.

use crate::folder::{self, Named};
use crate::lines;
use anyhow::{Context, Result, bail};
use bumpalo::Bump;
use micromegas_telemetry::block_wire_format::Block;
use micromegas_telemetry::compression::decompress;
use micromegas_telemetry::stream_info::StreamInfo;
use micromegas_tracing::parsing::make_custom_readers;
use micromegas_transit::{parse_object_buffer, read_dependencies, value::Value};
use serde_json::{Value as Json, json};
use std::io::Write;

/// The events that release 0.33 has rows for. Another name would cost its rows without a word.
const KNOWN: &[&str] = &[
    "LogStaticStrEvent",
    "LogStringEvent",
    "LogStringEventV2",
    "LogStaticStrInteropEvent",
    "LogStaticStrInteropEventV2",
    "LogStringInteropEventV2",
    "LogStringInteropEventV3",
    "TaggedLogString",
    "TaggedLogStaticStrEvent",
    "TaggedLogTemplateEvent",
    "TaggedLogInteropEvent",
    "IntegerMetricEvent",
    "FloatMetricEvent",
    "TaggedIntegerMetricEvent",
    "TaggedFloatMetricEvent",
    "BeginThreadSpanEvent",
    "EndThreadSpanEvent",
    "BeginThreadNamedSpanEvent",
    "EndThreadNamedSpanEvent",
    "BeginThreadDynNamedSpanEvent",
    "EndThreadDynNamedSpanEvent",
    "BeginAsyncSpanEvent",
    "EndAsyncSpanEvent",
    "BeginAsyncNamedSpanEvent",
    "EndAsyncNamedSpanEvent",
    "BeginAsyncDynNamedSpanEvent",
    "EndAsyncDynNamedSpanEvent",
    "TaggedEndThreadSpanEvent",
    "TaggedEndThreadNamedSpanEvent",
    "TaggedEndAsyncSpanEvent",
    "TaggedEndAsyncNamedSpanEvent",
    "ImageEvent",
];

/// The events of one block's decompressed halves.
pub fn events(stream: &StreamInfo, dependencies: &[u8], objects: &[u8]) -> Result<Vec<Json>> {
    let readers = make_custom_readers();
    let arena = Bump::new();
    let dependencies = read_dependencies(
        &arena,
        &readers,
        &stream.dependencies_metadata,
        dependencies,
    )
    .with_context(|| "dependencies")?;
    let mut events = Vec::new();
    parse_object_buffer(
        &arena,
        &readers,
        &dependencies,
        &stream.objects_metadata,
        objects,
        |value| {
            match value {
                Value::Object(object) => events.push(lines::object(object)),
                other => bail!("an event that is no object: {other:?}"),
            }
            Ok(true)
        },
    )
    .with_context(|| "objects")?;
    Ok(events)
}

/// What the server checks of a block before it answers 200, beyond its keys.
fn check_times(block: &Block) -> Result<()> {
    for time in [&block.begin_time, &block.end_time] {
        chrono::DateTime::parse_from_rfc3339(time).with_context(|| format!("time '{time}'"))?;
    }
    Ok(())
}

/// A block and its events as lines; `file` is left out when empty.
pub fn block_lines(stream: &StreamInfo, block: &Block, file: &str) -> Result<Vec<Json>> {
    check_times(block)?;
    let dependencies = decompress(&block.payload.dependencies)?;
    let objects = decompress(&block.payload.objects)?;
    let mut head = json!({
        "begin_ticks": block.begin_ticks,
        "begin_time": block.begin_time,
        "block_id": block.block_id.to_string(),
        "deps_lz4": block.payload.dependencies.len(),
        "deps_raw": dependencies.len(),
        "end_ticks": block.end_ticks,
        "end_time": block.end_time,
        "nb_objects": block.nb_objects,
        "object_offset": block.object_offset,
        "objs_lz4": block.payload.objects.len(),
        "objs_raw": objects.len(),
        "process_id": block.process_id.to_string(),
        "stream_id": block.stream_id.to_string(),
        "tags": stream.tags,
    });
    if !file.is_empty() {
        head["file"] = json!(file);
    }
    let mut lines = vec![json!({ "block": head })];
    for (at, event) in events(stream, &dependencies, &objects)?
        .into_iter()
        .enumerate()
    {
        lines.push(json!({
            "block_id": block.block_id.to_string(),
            "event": event,
            "event_id": block.object_offset.wrapping_add(at as i64),
        }));
    }
    Ok(lines)
}

fn checked_lines(stream: &StreamInfo, block: &Named<Block>) -> Result<Vec<Json>> {
    let lines = block_lines(stream, &block.value, &block.file)?;
    for line in &lines[1..] {
        let name = line["event"]["type"].as_str().unwrap_or_default();
        if !KNOWN.contains(&name) {
            bail!("event type '{name}' is none of release 0.33");
        }
    }
    Ok(lines)
}

pub fn print_folder(path: &str) -> Result<()> {
    let folder = folder::read(path)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for process in &folder.processes {
        lines::write(&mut out, &json!({ "process": process.value }))?;
    }
    for stream in &folder.streams {
        let mut line = json!({ "stream": stream.value });
        line["stream"]["file"] = json!(stream.file);
        lines::write(&mut out, &line)?;
    }
    for block in &folder.blocks {
        let (stream, _) = folder.owners(block)?;
        for line in checked_lines(stream, block).with_context(|| block.file.clone())? {
            lines::write(&mut out, &line)?;
        }
    }
    out.flush()?;
    Ok(())
}
