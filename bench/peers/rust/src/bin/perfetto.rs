// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

//! Perfetto, tracing in the process, by the calls of its C macros: a flag, arguments on the stack, one
//! function. The crate's own macros lock a mutex of the whole process and allocate for each event.
//! Into a ring, as it usually runs, that holds any sample; between samples it is read and the events
//! are counted. Who finds the shared memory full loses events, and track events cannot be told to wait.

use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use perfetto_sdk::pb_decoder::{PbDecoder, PbDecoderField};
use perfetto_sdk::producer::{Backends, Producer, ProducerInitArgsBuilder};
use perfetto_sdk::protos::trace::trace_packet::TracePacketFieldNumber;
use perfetto_sdk::{tracing_session::TracingSession, track_event::TrackEvent};
use perfetto_sdk_sys::{
    PerfettoTeHlExtraType_PERFETTO_TE_HL_EXTRA_TYPE_COUNTER_DOUBLE as COUNTER_DOUBLE,
    PerfettoTeHlExtraType_PERFETTO_TE_HL_EXTRA_TYPE_COUNTER_INT64 as COUNTER_INT,
    PerfettoTeHlExtraType_PERFETTO_TE_HL_EXTRA_TYPE_DEBUG_ARG_DOUBLE as DOUBLE,
    PerfettoTeHlExtraType_PERFETTO_TE_HL_EXTRA_TYPE_DEBUG_ARG_INT64 as INT,
    PerfettoTeHlExtraType_PERFETTO_TE_HL_EXTRA_TYPE_DEBUG_ARG_STRING as STRING,
    PerfettoTeHlExtraType_PERFETTO_TE_HL_EXTRA_TYPE_REGISTERED_TRACK as TRACK,
    PerfettoTeType_PERFETTO_TE_TYPE_COUNTER as COUNTER, PerfettoTeType_PERFETTO_TE_TYPE_INSTANT as INSTANT,
    PerfettoTeType_PERFETTO_TE_TYPE_SLICE_BEGIN as BEGIN, PerfettoTeType_PERFETTO_TE_TYPE_SLICE_END as END,
    *,
};

struct Shared<T>(T);
unsafe impl<T> Send for Shared<T> {}
unsafe impl<T> Sync for Shared<T> {}

static ARRIVED: AtomicU64 = AtomicU64::new(0);
static SESSION: Mutex<Option<Shared<TracingSession>>> = Mutex::new(None);

fn arrived() -> Option<u64> {
    const EVENT: u32 = TracePacketFieldNumber::TrackEvent as u32;
    let mut session = SESSION.lock().unwrap();
    let session = &mut session.as_mut().unwrap().0;
    session.flush_blocking(Duration::from_secs(10));
    session.read_trace_blocking(|packets, _| {
        for packet in PbDecoder::new(packets) {
            let Ok((_, PbDecoderField::Delimited(packet))) = packet else { continue };
            let event = PbDecoder::new(packet).any(|field| matches!(field, Ok((EVENT, _))));
            ARRIVED.fetch_add(event as u64, Ordering::Relaxed);
        }
    });
    Some(ARRIVED.load(Ordering::Relaxed))
}

fn varint(value: usize) -> Vec<u8> {
    match value {
        0..128 => vec![value as u8],
        _ => [vec![value as u8 | 128], varint(value >> 7)].concat(),
    }
}

/// A field of a protobuf message: a number, or something with a length.
fn number(id: usize, value: usize) -> Vec<u8> {
    [varint(id << 3), varint(value)].concat()
}
fn bytes(id: usize, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [varint(id << 3 | 2), varint(content.len()), content].concat()
}

/// TraceConfig: buffers, data_sources, producers.
fn start() -> TracingSession {
    let ring = bytes(1, &[&number(1, 256 << 10)]);
    let categories = bytes(113, &[&bytes(1, &[b"*"]), &bytes(2, &[b"bench"])]); // disabled, enabled
    let source = bytes(2, &[&bytes(1, &[&bytes(1, &[b"track_event"]), &categories])]);
    // The largest pages: who fills one wakes Perfetto's thread. With the usual 4 KiB that is a quarter of the time.
    let me = std::env::args().next().unwrap();
    let pages = bytes(6, &[&bytes(1, &[me.as_bytes()]), &number(3, 32)]);
    let mut session = TracingSession::in_process().unwrap();
    session.setup(&[ring, source, pages].concat());
    session.start_blocking();
    session
}

type Category = Shared<(*mut AtomicBool, *mut PerfettoTeCategoryImpl)>;

fn category(name: &'static CStr) -> &'static Category {
    let (name, desc) = (name.as_ptr(), c"".as_ptr());
    let desc = PerfettoTeCategoryDescriptor { name, desc, tags: null_mut(), num_tags: 0 };
    let category = unsafe { PerfettoTeCategoryImplCreate(Box::leak(Box::new(desc))) };
    let enabled = unsafe { PerfettoTeCategoryImplGetEnabled(category) };
    Box::leak(Box::new(Shared((enabled.cast(), category))))
}

/// TrackDescriptor: uuid, static_name, counter.
fn counter(uuid: u64, name: &[u8]) -> &'static Shared<PerfettoTeRegisteredTrackImpl> {
    let descriptor = [number(1, uuid as usize), bytes(10, &[name]), bytes(8, &[])].concat().leak();
    let (descriptor, descriptor_size) = (descriptor.as_mut_ptr().cast(), descriptor.len());
    Box::leak(Box::new(Shared(PerfettoTeRegisteredTrackImpl { descriptor, descriptor_size, uuid })))
}

/// As PerfettoTeHlExtraCounterInt64 and PerfettoTeHlExtraDebugArgInt64.
#[repr(C)]
struct Extra<T>(u32, T);
#[repr(C)]
struct Arg<T>(u32, *const c_char, T);

fn int(name: &CStr, value: i32) -> Arg<i64> {
    Arg(INT, name.as_ptr(), value as i64)
}
fn double(name: &CStr, value: f64) -> Arg<f64> {
    Arg(DOUBLE, name.as_ptr(), value)
}
fn string(name: &CStr, value: &CStr) -> Arg<*const c_char> {
    Arg(STRING, name.as_ptr(), value.as_ptr())
}

/// As PERFETTO_TE.
macro_rules! event {
    ($category:expr, $type:expr, $name:expr $(, $extra:expr)*) => {
        unsafe {
            let (enabled, category) = $category.0;
            if (*enabled).load(Ordering::Relaxed) {
                let extras = [$(&mut $extra as *mut _ as *mut PerfettoTeHlExtra,)* null_mut()];
                PerfettoTeHlEmitImpl(category, $type as i32, $name, extras.as_ptr())
            }
        }
    };
}

fn main() {
    let asked = peers::parse();
    // 8 MiB of shared memory lose nothing, the usual 256 KiB do.
    let producer = ProducerInitArgsBuilder::new().backends(Backends::IN_PROCESS);
    Producer::init(producer.shmem_size_hint_kb(8 << 10).build());
    TrackEvent::init();
    let (bench, quiet) = (category(c"bench"), category(c"quiet"));
    TrackEvent::publish_categories();
    *SESSION.lock().unwrap() = Some(Shared(start()));
    let (depth, time) = (counter(1, b"depth"), counter(2, b"time"));
    let text: &'static CStr = Box::leak(CString::new("a string").unwrap().into_boxed_c_str());
    let library = peers::Library {
        name: "Perfetto",
        cases: vec![
            peers::case("literal", 1, true, move |_| event!(bench, INSTANT, c"the queue is empty".as_ptr())),
            // Typed, not formatted.
            peers::case("int+double+string", 1, true, move |i| {
                let ms = 0.5 * i as f64;
                let [job, id, time, region] = [c"job", c"id", c"ms", c"region"];
                event!(bench, INSTANT, job.as_ptr(), int(id, i), double(time, ms), string(region, text))
            }),
            peers::case("int_metric", 1, true, move |i| {
                event!(bench, COUNTER, null(), Extra(TRACK, &depth.0), Extra(COUNTER_INT, i as i64))
            }),
            peers::case("float_metric", 1, true, move |i| {
                let ms = 0.5 * i as f64;
                event!(bench, COUNTER, null(), Extra(TRACK, &time.0), Extra(COUNTER_DOUBLE, ms))
            }),
            peers::case("span_event", 2, true, move |_| {
                event!(bench, BEGIN, c"decode".as_ptr());
                event!(bench, END, null());
            }),
            peers::case("span_pair_int_property", 2, false, move |i| {
                event!(bench, BEGIN, c"decode".as_ptr(), int(c"rows", i));
                event!(bench, END, null());
            }),
            // A name is looked up by its text, wherever it comes from.
            peers::case("named_span_event", 2, true, move |_| {
                event!(bench, BEGIN, text.as_ptr());
                event!(bench, END, null());
            }),
            peers::case("disabled_level", 0, true, move |i| {
                event!(quiet, INSTANT, c"progress".as_ptr(), int(c"done", i))
            }),
            peers::case("int+int", 1, true, move |i| {
                event!(bench, INSTANT, c"progress".as_ptr(), int(c"done", i), int(c"all", 20))
            }),
        ],
        threads_cases: vec!["literal", "int+double+string", "int_metric", "span_event"],
        paced_case: "int+int",
        begin_thread: || {},
        end_thread: || {},
        arrived,
    };
    library.answer(&asked)
}
