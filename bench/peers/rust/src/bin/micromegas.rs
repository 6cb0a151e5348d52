// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

//! Upstream's Rust client as far as its sink, which counts the events and lets another thread free the
//! blocks: nothing is encoded or sent, which is more than it would be spared in a program.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use micromegas_tracing::dispatch;
use micromegas_tracing::event::{EventSink, TracingBlock};
use micromegas_tracing::guards::TracingSystemGuard;
use micromegas_tracing::levels::{LevelFilter, set_max_level};
use micromegas_tracing::logs::{LogBlock, LogMetadata, LogStream};
use micromegas_tracing::metrics::{MetricsBlock, MetricsStream};
use micromegas_tracing::prelude::*;
use micromegas_tracing::spans::{ThreadBlock, ThreadStream};
use micromegas_tracing::{fmetric, imetric, info, span_scope, span_scope_named_dyn, static_span_desc, trace};

static ARRIVED: AtomicU64 = AtomicU64::new(0);

struct CountingSink {
    free: mpsc::Sender<Box<dyn Send>>,
}

impl CountingSink {
    fn take<B: TracingBlock + Send + Sync + 'static>(&self, block: Arc<B>) {
        ARRIVED.fetch_add(block.nb_objects() as u64, Ordering::Relaxed);
        let _ = self.free.send(Box::new(block));
    }
}

impl EventSink for CountingSink {
    fn on_startup(&self, _: Arc<ProcessInfo>) {}
    fn on_shutdown(&self) {}
    fn on_log_enabled(&self, _: &LogMetadata) -> bool {
        true
    }
    fn on_log(&self, _: &LogMetadata, _: &[DynProperty<'_>], _: i64, _: fmt::Arguments<'_>) {}
    fn on_init_log_stream(&self, _: &LogStream) {}
    fn on_process_log_block(&self, block: Arc<LogBlock>) {
        self.take(block);
    }
    fn on_init_metrics_stream(&self, _: &MetricsStream) {}
    fn on_process_metrics_block(&self, block: Arc<MetricsBlock>) {
        self.take(block);
    }
    fn on_init_thread_stream(&self, _: &ThreadStream) {}
    fn on_process_thread_block(&self, block: Arc<ThreadBlock>) {
        self.take(block);
    }
    fn is_busy(&self) -> bool {
        false
    }
}

fn arrived() -> Option<u64> {
    dispatch::flush_log_buffer();
    dispatch::flush_metrics_buffer();
    Some(ARRIVED.load(Ordering::Relaxed))
}

fn end_thread() {
    dispatch::flush_thread_buffer();
    dispatch::unregister_thread_stream();
}

fn async_pair() {
    static_span_desc!(SPAN, "decode");
    let id = dispatch::on_begin_async_scope(&SPAN, 0, 0);
    dispatch::on_end_async_scope(id, 0, &SPAN, 0);
}

fn main() {
    let asked = peers::parse();
    let (free, garbage) = mpsc::channel();
    std::thread::spawn(move || for _ in garbage {});
    let _guard = TracingSystemGuard::new(
        4 << 20,
        1 << 20,
        4 << 20,
        Arc::new(CountingSink { free }),
        HashMap::new(),
        true,
    );
    set_max_level(LevelFilter::Info);
    let text: &'static str = String::from("a string").leak();
    let kib: &'static str = "x".repeat(1024).leak();
    let library = peers::Library {
        name: "micromegas-rust",
        cases: vec![
            peers::case("literal", 1, true, |_| info!("the queue is empty")),
            peers::case("int+double+string", 1, true, move |i| {
                info!("{} took {:.1} ms in {}", i, 0.5 * i as f64, text)
            }),
            peers::case("structured_int", 1, true, |i| info!(rows = %i, "rows fetched")),
            peers::case("structured_int_string", 1, true, move |i| {
                info!(rows = %i, region = text, "rows fetched")
            }),
            peers::case("log_1kib_string", 1, true, move |_| info!("{}", kib)),
            peers::case("int_metric", 1, true, |i| imetric!("depth", "count", i as u64)),
            peers::case("float_metric", 1, true, |i| fmetric!("time", "ms", 0.5 * i as f64)),
            peers::case("metric_int_property", 1, true, |i| {
                imetric!("depth", "count", shard = %i, i as u64)
            }),
            peers::case("span_event", 2, true, |_| {
                span_scope!("decode");
            }),
            peers::case("span_pair_int_property", 2, false, |i| {
                let _span = span_scope!(name = "decode", rows = %i);
            }),
            peers::case("named_span_event", 2, true, move |_| {
                span_scope_named_dyn!(text);
            }),
            peers::case("async_span_pair", 2, false, |_| async_pair()),
            peers::case("disabled_level", 0, true, |i| trace!("{}", i)),
            peers::case("int+int", 1, true, |i| info!("{} of {}", i, 20)),
        ],
        threads_cases: vec!["literal", "int+double+string", "int_metric", "span_event"],
        paced_case: "int+int",
        begin_thread: dispatch::init_thread_stream,
        end_thread,
        arrived,
    };
    library.answer(&asked)
}
