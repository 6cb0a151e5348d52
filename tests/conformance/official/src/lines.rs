// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

//! Values as JSON lines: NaN and the infinities as text, bytes in hexadecimal, of a repeated name
//! the last value.

use micromegas_transit::value::{Object, Value};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use std::io::{self, Write};

pub fn float(number: f64) -> Json {
    if number.is_nan() {
        json!("NaN")
    } else if number.is_infinite() {
        json!(if number > 0.0 { "inf" } else { "-inf" })
    } else {
        json!(number)
    }
}

pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

pub fn object(object: &Object) -> Json {
    let mut map = Map::new();
    map.insert("type".into(), json!(object.type_name));
    for &(name, member) in object.members {
        map.insert(name.into(), value(member));
    }
    Json::Object(map)
}

fn value(value: Value) -> Json {
    match value {
        Value::Bytes(bytes) => json!(hexadecimal(bytes)),
        Value::F64(number) => float(number),
        Value::I64(number) => json!(number),
        Value::U8(number) => json!(number),
        Value::U32(number) => json!(number),
        Value::U64(number) => json!(number),
        Value::String(text) => json!(text),
        Value::Object(inner) => object(inner),
        Value::None => Json::Null,
    }
}

/// `{"a": 1, "b": 2}`, so that equal lines of two decoders are equal byte for byte.
struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }
    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }
    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}

pub fn write(out: &mut impl Write, line: &Json) -> io::Result<()> {
    let mut text = Vec::new();
    line.serialize(&mut serde_json::Serializer::with_formatter(
        &mut text, Spaced,
    ))?;
    text.push(b'\n');
    out.write_all(&text)
}
