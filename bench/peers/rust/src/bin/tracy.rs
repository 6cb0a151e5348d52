// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

//! Tracy's C++ client through its C functions. No viewer is connected, so it keeps everything, and
//! nobody can tell what arrived.

use std::io::Write;

use tracy_client_sys as tracy;

static LOCATION: Location = Location(tracy::___tracy_source_location_data {
    name: c"decode".as_ptr(),
    function: c"bench".as_ptr(),
    file: c"tracy.rs".as_ptr(),
    line: 1,
    color: 0,
});

struct Location(tracy::___tracy_source_location_data);
unsafe impl Sync for Location {}

fn zone() {
    unsafe {
        let zone = tracy::___tracy_emit_zone_begin(&LOCATION.0, 1);
        tracy::___tracy_emit_zone_end(zone);
    }
}

fn message(arguments: std::fmt::Arguments) {
    let mut text = [0u8; 128];
    let mut rest = &mut text[..];
    let _ = rest.write_fmt(arguments);
    let size = 128 - rest.len();
    unsafe { tracy::___tracy_emit_message(text.as_ptr().cast(), size, 0) }
}

fn main() {
    let asked = peers::parse();
    let text: &'static str = "a string";
    let library = peers::Library {
        name: "Tracy",
        cases: vec![
            peers::case("literal", 1, true, |_| unsafe {
                tracy::___tracy_emit_messageL(c"the queue is empty".as_ptr(), 0)
            }),
            peers::case("float_metric", 1, true, |i| unsafe {
                tracy::___tracy_emit_plot(c"time".as_ptr(), 0.5 * i as f64)
            }),
            peers::case("int_metric", 1, true, |i| unsafe {
                tracy::___tracy_emit_plot_int(c"depth".as_ptr(), i as i64)
            }),
            peers::case("span_event", 2, true, |_| zone()),
            peers::case("span_pair_int_property", 2, false, |i| unsafe {
                let zone = tracy::___tracy_emit_zone_begin(&LOCATION.0, 1);
                tracy::___tracy_emit_zone_value(zone, i as u64);
                tracy::___tracy_emit_zone_end(zone);
            }),
            peers::case("log_string", 1, true, move |_| unsafe {
                tracy::___tracy_emit_message(text.as_ptr().cast(), text.len(), 0)
            }),
            // It takes no arguments: the caller formats.
            peers::case("int+int", 1, true, |i| message(format_args!("{} of {}", i, 20))),
            peers::case("int+double+string", 1, true, move |i| {
                message(format_args!("{} took {:.1} ms in {}", i, 0.5 * i as f64, text))
            }),
        ],
        threads_cases: vec!["literal", "int+double+string", "int_metric", "span_event"],
        paced_case: "int+int",
        begin_thread: || {},
        end_thread: || {},
        arrived: || None,
    };
    library.answer(&asked)
}
