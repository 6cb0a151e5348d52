// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// LTTng-UST's tracepoints; it includes this file several times.
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER bench

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "micromegas/bench/peers/lttng_provider.h"

#if !defined(MICROMEGAS_BENCH_PEERS_LTTNG_PROVIDER_H_) || \
    defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define MICROMEGAS_BENCH_PEERS_LTTNG_PROVIDER_H_

#include <lttng/tracepoint.h>

// clang-format off
LTTNG_UST_TRACEPOINT_EVENT(bench, literal, LTTNG_UST_TP_ARGS(), LTTNG_UST_TP_FIELDS())

LTTNG_UST_TRACEPOINT_EVENT(
    bench, int_double_string,
    LTTNG_UST_TP_ARGS(int, i, double, d, const char*, s),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(int, i, i)
        lttng_ust_field_float(double, d, d)
        lttng_ust_field_string(s, s)))

LTTNG_UST_TRACEPOINT_EVENT(
    bench, int_int,
    LTTNG_UST_TP_ARGS(int, i, int, j),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(int, i, i)
        lttng_ust_field_integer(int, j, j)))

LTTNG_UST_TRACEPOINT_EVENT(
    bench, int_string,
    LTTNG_UST_TP_ARGS(int, i, const char*, s),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(int, i, i)
        lttng_ust_field_string(s, s)))

LTTNG_UST_TRACEPOINT_EVENT(
    bench, text, LTTNG_UST_TP_ARGS(const char*, s), LTTNG_UST_TP_FIELDS(lttng_ust_field_string(s, s)))

LTTNG_UST_TRACEPOINT_EVENT(
    bench, integer, LTTNG_UST_TP_ARGS(int, i), LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(int, i, i)))

LTTNG_UST_TRACEPOINT_EVENT(
    bench, number, LTTNG_UST_TP_ARGS(double, d), LTTNG_UST_TP_FIELDS(lttng_ust_field_float(double, d, d)))

LTTNG_UST_TRACEPOINT_EVENT(bench, begin, LTTNG_UST_TP_ARGS(), LTTNG_UST_TP_FIELDS())

LTTNG_UST_TRACEPOINT_EVENT(bench, end, LTTNG_UST_TP_ARGS(), LTTNG_UST_TP_FIELDS())

LTTNG_UST_TRACEPOINT_EVENT(
    bench, silent, LTTNG_UST_TP_ARGS(int, i), LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(int, i, i)))
// clang-format on

#endif

#include <lttng/tracepoint-event.h>
