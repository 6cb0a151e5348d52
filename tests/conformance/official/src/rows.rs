// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

//! Depth 2: rows, by the functions with which the server fills log_entries, measures, thread_spans,
//! async_events and images. What these functions skip or refuse is an error here: the server would show
//! less than was sent.

use crate::folder::{self, Folder, Named};
use crate::lines;
use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use datafusion::arrow::array::{
    BinaryArray, Int64Array, StringArray, TimestampNanosecondArray, UInt32Array,
};
use futures::executor::block_on;
use jsonb::RawJsonb;
use micromegas_analytics::arrow_properties::serialize_properties_to_jsonb;
use micromegas_analytics::async_block_processing::{
    AsyncBlockProcessor, parse_async_block_payload,
};
use micromegas_analytics::call_tree::CallTreeBuilder;
use micromegas_analytics::dfext::string_column_accessor::string_column_by_name;
use micromegas_analytics::dfext::typed_column::typed_column_by_name;
use micromegas_analytics::lakehouse::block_partition_spec::BlockProcessor;
use micromegas_analytics::lakehouse::image_block_processor::ImageBlockProcessor;
use micromegas_analytics::lakehouse::jit_partitions::group_contiguous_block_chains;
use micromegas_analytics::lakehouse::partition_source_data::PartitionSourceBlock;
use micromegas_analytics::lakehouse::thread_spans_view::ensure_begin_non_decreasing;
use micromegas_analytics::log_entry::log_entry_from_value;
use micromegas_analytics::measure::measure_from_value;
use micromegas_analytics::metadata::{
    ProcessMetadata, StreamMetadata, get_thread_name_from_stream_metadata,
};
use micromegas_analytics::payload::parse_block;
use micromegas_analytics::properties::properties_column_accessor::properties_column_by_name;
use micromegas_analytics::properties::property_set::PropertySet;
use micromegas_analytics::scope::BorrowedScopeDesc;
use micromegas_analytics::span_table::SpanRecordBuilder;
use micromegas_analytics::thread_block_processor::parse_thread_block_payload;
use micromegas_analytics::time::{ConvertTicks, make_time_converter_from_block_meta};
use micromegas_telemetry::blob_storage::BlobStorage;
use micromegas_telemetry::block_wire_format::Block;
use micromegas_telemetry::stream_info::StreamInfo;
use micromegas_telemetry::types::block::BlockMetadata;
use micromegas_tracing::process_info::ProcessInfo;
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;
use uuid::Uuid;

/// A block as the lakehouse hands it to its row functions.
struct Source {
    file: String,
    block: Arc<PartitionSourceBlock>,
    payload: micromegas_telemetry::block_wire_format::BlockPayload,
    convert: ConvertTicks,
    stream: usize,
}

fn process_metadata(info: &ProcessInfo) -> Result<Arc<ProcessMetadata>> {
    Ok(Arc::new(ProcessMetadata {
        process_id: info.process_id,
        exe: info.exe.clone(),
        username: info.username.clone(),
        realname: info.realname.clone(),
        computer: info.computer.clone(),
        distro: info.distro.clone(),
        cpu_brand: info.cpu_brand.clone(),
        tsc_frequency: info.tsc_frequency,
        start_time: info.start_time,
        start_ticks: info.start_ticks,
        parent_process_id: info.parent_process_id,
        properties: Arc::new(serialize_properties_to_jsonb(&info.properties)?),
        audience: "public".into(),
    }))
}

fn utc(text: &str) -> Result<DateTime<Utc>> {
    Ok(DateTime::parse_from_rfc3339(text)?.with_timezone(&Utc))
}

fn source(folder: &Folder, block: &Named<Block>) -> Result<Source> {
    let (stream, process) = folder.owners(block)?;
    let stream_at = folder
        .streams
        .iter()
        .position(|s| s.value.stream_id == stream.stream_id);
    let sent = &block.value;
    if sent.nb_objects <= 0 {
        bail!(
            "nb_objects is {}: its partition would count as empty",
            sent.nb_objects
        );
    }
    let process = process_metadata(process)?;
    let metadata = BlockMetadata {
        block_id: sent.block_id,
        stream_id: sent.stream_id,
        process_id: sent.process_id,
        begin_time: utc(&sent.begin_time)?,
        end_time: utc(&sent.end_time)?,
        begin_ticks: sent.begin_ticks,
        end_ticks: sent.end_ticks,
        nb_objects: sent.nb_objects,
        payload_size: (sent.payload.dependencies.len() + sent.payload.objects.len()) as i64,
        object_offset: sent.object_offset,
        insert_time: utc(&sent.end_time)?,
    };
    Ok(Source {
        file: block.file.clone(),
        convert: make_time_converter_from_block_meta(&process, &metadata)?,
        block: Arc::new(PartitionSourceBlock {
            block: metadata,
            stream: Arc::new(StreamMetadata::from_stream_info(stream)?),
            process,
            format: "micromegas-transit".into(),
        }),
        payload: sent.payload.clone(),
        stream: stream_at.unwrap_or_default(),
    })
}

fn properties(set: &PropertySet) -> Result<Json> {
    let mut map = Map::new();
    set.for_each_property(|name, value| {
        map.insert(name.into(), json!(value));
        Ok(())
    })?;
    Ok(Json::Object(map))
}

fn ids(source: &Source) -> (Arc<String>, Arc<String>) {
    let block = &source.block.block;
    (
        Arc::new(block.stream_id.to_string()),
        Arc::new(block.block_id.to_string()),
    )
}

fn log_rows(source: &Source, rows: &mut Vec<Json>) -> Result<()> {
    let (stream_id, block_id) = ids(source);
    parse_block(&source.block.stream, &source.payload, |value| {
        let entry = log_entry_from_value(
            &source.convert,
            source.block.process.clone(),
            stream_id.clone(),
            block_id.clone(),
            0,
            value,
        )?
        .with_context(|| format!("no row for {value:?}"))?;
        rows.push(json!({
            "kind": "log",
            "level": entry.level,
            "target": entry.target,
            "msg": entry.msg,
            "properties": properties(&entry.properties)?,
            "time": entry.time,
        }));
        Ok(true)
    })?;
    Ok(())
}

fn measure_rows(source: &Source, rows: &mut Vec<Json>) -> Result<()> {
    let (stream_id, block_id) = ids(source);
    parse_block(&source.block.stream, &source.payload, |value| {
        let measure = measure_from_value(
            source.block.process.clone(),
            stream_id.clone(),
            block_id.clone(),
            0,
            &source.convert,
            value,
        )?
        .with_context(|| format!("no row for {value:?}"))?;
        rows.push(json!({
            "kind": "metric",
            "target": measure.target,
            "name": measure.name,
            "unit": measure.unit,
            "value": lines::float(measure.value),
            "properties": properties(&measure.properties)?,
            "time": measure.time,
        }));
        Ok(true)
    })?;
    Ok(())
}

struct AsyncRows<'a> {
    convert: &'a ConvertTicks,
    rows: &'a mut Vec<Json>,
}

impl AsyncRows<'_> {
    #[allow(clippy::too_many_arguments)]
    fn push(
        &mut self,
        event: &str,
        scope: BorrowedScopeDesc<'_>,
        ticks: i64,
        id: i64,
        parent: i64,
        depth: u32,
        set: PropertySet<'_>,
    ) -> Result<bool> {
        self.rows.push(json!({
            "kind": "async",
            "event": event,
            "id": id,
            "parent": parent,
            "depth": depth,
            "name": scope.name,
            "target": scope.target,
            "file": scope.filename,
            "line": scope.line,
            "properties": properties(&set)?,
            "time": self.convert.ticks_to_nanoseconds(ticks),
        }));
        Ok(true)
    }
}

impl AsyncBlockProcessor for AsyncRows<'_> {
    fn on_begin_async_scope(
        &mut self,
        _block_id: &str,
        scope: BorrowedScopeDesc<'_>,
        ts: i64,
        span_id: i64,
        parent_span_id: i64,
        depth: u32,
    ) -> Result<bool> {
        self.push(
            "begin",
            scope,
            ts,
            span_id,
            parent_span_id,
            depth,
            PropertySet::empty(),
        )
    }
    fn on_end_async_scope(
        &mut self,
        _block_id: &str,
        scope: BorrowedScopeDesc<'_>,
        ts: i64,
        span_id: i64,
        parent_span_id: i64,
        depth: u32,
        properties: PropertySet<'_>,
    ) -> Result<bool> {
        self.push("end", scope, ts, span_id, parent_span_id, depth, properties)
    }
}

fn async_rows(source: &Source, rows: &mut Vec<Json>) -> Result<()> {
    let mut processor = AsyncRows {
        convert: &source.convert,
        rows,
    };
    let block = &source.block.block;
    parse_async_block_payload(
        &block.block_id.to_string(),
        block.object_offset,
        &source.payload,
        &source.block.stream,
        &mut processor,
    )?;
    Ok(())
}

/// By the server's processor of image blocks, which takes its payloads from a store.
fn image_rows(source: &Source, rows: &mut Vec<Json>) -> Result<()> {
    let block = &source.block.block;
    let path = format!(
        "blobs/{}/{}/{}",
        block.process_id, block.stream_id, block.block_id
    );
    let mut payload = Vec::new();
    ciborium::into_writer(&source.payload, &mut payload)?;
    let store = Arc::new(BlobStorage::connect("memory:///")?);
    let made = block_on(async {
        store.put(&path, payload.into()).await?;
        ImageBlockProcessor {}
            .process(store.clone(), source.block.clone())
            .await
    })?;
    let batch = made
        .with_context(|| "a block of images without a row")?
        .rows;
    let time: &TimestampNanosecondArray = typed_column_by_name(&batch, "time")?;
    let name: &StringArray = typed_column_by_name(&batch, "name")?;
    let format = string_column_by_name(&batch, "format")?;
    let size: &Int64Array = typed_column_by_name(&batch, "payload_size")?;
    let data: &BinaryArray = typed_column_by_name(&batch, "data")?;
    for row in 0..batch.num_rows() {
        let bytes = data.value(row);
        if size.value(row) != bytes.len() as i64 {
            bail!("payload_size {} of {} bytes", size.value(row), bytes.len());
        }
        rows.push(json!({
            "kind": "image",
            "name": name.value(row),
            "format": format.value(row)?,
            "data": lines::hexadecimal(bytes),
            "time": time.value(row),
        }));
    }
    Ok(())
}

/// All blocks of one thread stream: a call tree for each unbroken chain, as in thread_spans.
fn span_rows(info: &StreamInfo, sources: &[&Source], rows: &mut Vec<Json>) -> Result<()> {
    let by_id: HashMap<Uuid, &Source> = sources
        .iter()
        .map(|s| (s.block.block.block_id, *s))
        .collect();
    let blocks: Vec<_> = sources.iter().map(|s| s.block.clone()).collect();
    let stream = blocks[0].stream.clone();
    let convert = &sources[0].convert;
    let mut builder = SpanRecordBuilder::with_capacity(1024);
    for chain in group_contiguous_block_chains(&blocks) {
        let mut tree = CallTreeBuilder::new(
            convert.delta_ticks_to_ns(chain[0].begin_ticks),
            convert.delta_ticks_to_ns(chain[chain.len() - 1].end_ticks),
            None,
            convert.clone(),
            get_thread_name_from_stream_metadata(&stream)?,
        );
        for block in &chain {
            let source = by_id[&block.block_id];
            parse_thread_block_payload(
                &block.block_id.to_string(),
                block.object_offset,
                &source.payload,
                &stream,
                &mut tree,
            )
            .with_context(|| source.file.clone())?;
        }
        builder.append_call_tree(&tree.finish())?;
    }
    let batch = builder.finish()?;
    ensure_begin_non_decreasing(&stream.stream_id.to_string(), &batch)?;

    let thread = info
        .properties
        .get("thread-name")
        .cloned()
        .unwrap_or_default();
    let id: &Int64Array = typed_column_by_name(&batch, "id")?;
    let depth: &UInt32Array = typed_column_by_name(&batch, "depth")?;
    let begin: &TimestampNanosecondArray = typed_column_by_name(&batch, "begin")?;
    let end: &TimestampNanosecondArray = typed_column_by_name(&batch, "end")?;
    let line: &UInt32Array = typed_column_by_name(&batch, "line")?;
    let name = string_column_by_name(&batch, "name")?;
    let target = string_column_by_name(&batch, "target")?;
    let filename = string_column_by_name(&batch, "filename")?;
    let properties = properties_column_by_name(&batch, "properties")?;
    for row in 0..batch.num_rows() {
        // The thread itself, above its spans.
        if id.value(row) == -1 {
            continue;
        }
        let jsonb = properties.jsonb_value(row)?;
        rows.push(json!({
            "kind": "span",
            "thread": thread,
            "depth": depth.value(row),
            "name": name.value(row)?,
            "target": target.value(row)?,
            "file": filename.value(row)?,
            "line": line.value(row),
            "properties": serde_json::from_str::<Json>(&RawJsonb::new(&jsonb).to_string())?,
            "begin": begin.value(row),
            "end": end.value(row),
        }));
    }
    Ok(())
}

fn process_row(info: &ProcessInfo) -> Json {
    json!({
        "kind": "process",
        "id": info.process_id.to_string(),
        "parent": info.parent_process_id.map(|id| id.to_string()),
        "exe": info.exe,
        "computer": info.computer,
        "username": info.username,
        "frequency": info.tsc_frequency,
        "properties": info.properties,
        "time": info.start_time.timestamp_nanos_opt(),
    })
}

pub fn print_folder(path: &str) -> Result<()> {
    let folder = folder::read(path)?;
    let mut sources = Vec::new();
    for block in &folder.blocks {
        sources.push(source(&folder, block).with_context(|| block.file.clone())?);
    }
    sources.sort_by_key(|s| (s.stream, s.block.block.object_offset));

    let mut rows: Vec<Json> = folder
        .processes
        .iter()
        .map(|p| process_row(&p.value))
        .collect();
    for (at, stream) in folder.streams.iter().enumerate() {
        let own: Vec<&Source> = sources.iter().filter(|s| s.stream == at).collect();
        let tag = stream
            .value
            .tags
            .first()
            .map(String::as_str)
            .unwrap_or_default();
        for source in &own {
            match tag {
                "log" => log_rows(source, &mut rows),
                "metrics" => measure_rows(source, &mut rows),
                "cpu" => async_rows(source, &mut rows),
                "image" => image_rows(source, &mut rows),
                _ => Ok(()),
            }
            .with_context(|| source.file.clone())?;
        }
        if tag == "cpu" && !own.is_empty() {
            span_rows(&stream.value, &own, &mut rows).with_context(|| stream.file.clone())?;
        }
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for row in &rows {
        lines::write(&mut out, row)?;
    }
    out.flush()?;
    Ok(())
}
