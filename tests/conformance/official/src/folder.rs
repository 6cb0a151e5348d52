// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

//! A folder of captured requests, decoded as the ingestion server decodes them.

use anyhow::{Context, Result, bail};
use micromegas_telemetry::block_wire_format::Block;
use micromegas_telemetry::stream_info::StreamInfo;
use micromegas_tracing::process_info::ProcessInfo;
use std::path::{Path, PathBuf};
use uuid::Uuid;

pub struct Named<T> {
    pub file: String,
    pub value: T,
}

/// Each list in order of arrival; of an id that comes twice the first one, as on the server.
#[derive(Default)]
pub struct Folder {
    pub processes: Vec<Named<ProcessInfo>>,
    pub streams: Vec<Named<StreamInfo>>,
    pub blocks: Vec<Named<Block>>,
}

impl Folder {
    pub fn process(&self, id: Uuid) -> Option<&ProcessInfo> {
        let found = self.processes.iter().find(|p| p.value.process_id == id);
        found.map(|p| &p.value)
    }

    pub fn stream(&self, id: Uuid) -> Option<&StreamInfo> {
        let found = self.streams.iter().find(|s| s.value.stream_id == id);
        found.map(|s| &s.value)
    }

    /// The stream and process of a block, or an error that names its file.
    pub fn owners(&self, block: &Named<Block>) -> Result<(&StreamInfo, &ProcessInfo)> {
        let stream = self.stream(block.value.stream_id).with_context(|| {
            format!(
                "{}: its stream {} is not in the folder",
                block.file, block.value.stream_id
            )
        })?;
        let process = self.process(block.value.process_id).with_context(|| {
            format!(
                "{}: its process {} is not in the folder",
                block.file, block.value.process_id
            )
        })?;
        if stream.process_id != block.value.process_id {
            bail!("{}: its process is not that of its stream", block.file);
        }
        Ok((stream, process))
    }
}

fn decode<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let body = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
    ciborium::from_reader(&body[..]).with_context(|| format!("{}", path.display()))
}

/// "000003-block.cbor" is 3, "block". None for a refused body and for other files.
fn parse_name(name: &str) -> Option<(u64, &str)> {
    let (number, rest) = name.strip_suffix(".cbor")?.split_once('-')?;
    Some((number.parse().ok()?, rest))
}

fn bodies(folder: &str) -> Result<Vec<(u64, String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.to_string())? {
        let entry = entry.with_context(|| folder.to_string())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some((number, kind)) = parse_name(&name) {
            found.push((number, kind.to_string(), entry.path()));
        }
    }
    found.sort();
    // What lies in between was lost.
    for pair in found.windows(2) {
        if pair[1].0 != pair[0].0 + 1 {
            bail!("{folder}: number {:06} is missing", pair[0].0 + 1);
        }
    }
    if found.is_empty() {
        bail!("{folder}: holds no request");
    }
    Ok(found)
}

pub fn read(folder: &str) -> Result<Folder> {
    let mut read = Folder::default();
    for (_, kind, path) in bodies(folder)? {
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match kind.as_str() {
            "process" => {
                let value: ProcessInfo = decode(&path)?;
                if read.process(value.process_id).is_none() {
                    read.processes.push(Named { file, value });
                }
            }
            "stream" => {
                let value: StreamInfo = decode(&path)?;
                if read.stream(value.stream_id).is_none() {
                    read.streams.push(Named { file, value });
                }
            }
            "block" => {
                let value: Block = decode(&path)?;
                if !read
                    .blocks
                    .iter()
                    .any(|b| b.value.block_id == value.block_id)
                {
                    read.blocks.push(Named { file, value });
                }
            }
            _ => bail!("{}: the server would refuse it", path.display()),
        }
    }
    if read.blocks.is_empty() {
        bail!("{folder}: holds no block");
    }
    Ok(read)
}
