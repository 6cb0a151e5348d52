// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

//! tokio's tracing. To a subscriber that formats on the caller, as that of tracing-subscriber does, into
//! a buffer that it uses again, and counts: no time, no output.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber, info, info_span, trace};

static ARRIVED: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
}

struct Format<'a>(&'a mut String);

impl Visit for Format<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}

fn format(visit: impl FnOnce(&mut Format)) {
    TEXT.with_borrow_mut(|text| {
        text.clear();
        visit(&mut Format(text));
        std::hint::black_box(text.as_bytes());
    });
}

struct Counting;

impl Subscriber for Counting {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO
    }
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::INFO)
    }
    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        format(|text| attributes.record(text));
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        format(|text| event.record(text));
        ARRIVED.fetch_add(1, Ordering::Relaxed);
    }
    fn enter(&self, _: &Id) {
        ARRIVED.fetch_add(1, Ordering::Relaxed);
    }
    fn exit(&self, _: &Id) {
        ARRIVED.fetch_add(1, Ordering::Relaxed);
    }
}

fn main() {
    let asked = peers::parse();
    tracing::subscriber::set_global_default(Counting).unwrap();
    let text: &'static str = String::from("a string").leak();
    let kib: &'static str = "x".repeat(1024).leak();
    let library = peers::Library {
        name: "tokio tracing",
        cases: vec![
            peers::case("literal", 1, true, |_| info!("the queue is empty")),
            peers::case("int+double+string", 1, true, move |i| {
                info!("{} took {:.1} ms in {}", i, 0.5 * i as f64, text)
            }),
            peers::case("structured_int", 1, true, |i| info!(rows = i, "rows fetched")),
            peers::case("structured_int_string", 1, true, move |i| {
                info!(rows = i, region = text, "rows fetched")
            }),
            peers::case("log_1kib_string", 1, true, move |_| info!("{}", kib)),
            peers::case("span_event", 2, true, |_| {
                let _span = info_span!("decode").entered();
            }),
            peers::case("span_pair_int_property", 2, false, |i| {
                let _span = info_span!("decode", rows = i).entered();
            }),
            peers::case("disabled_level", 0, true, |i| trace!("{}", i)),
            peers::case("int+int", 1, true, |i| info!("{} of {}", i, 20)),
        ],
        threads_cases: vec!["literal", "int+double+string", "span_event"],
        paced_case: "int+int",
        begin_thread: || {},
        end_thread: || {},
        arrived: || Some(ARRIVED.load(Ordering::Relaxed)),
    };
    library.answer(&asked)
}
