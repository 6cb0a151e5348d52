// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/bench/ours/cases.h"

#include <string>

#include "micromegas/instrument.h"

namespace bench {

using namespace micromegas::literals;

namespace {

// In a span, with a context.
std::vector<double> log_in_context(const Shape& shape, const Case::Rest& rest) {
  MM_SPAN("request");
  const micromegas::ContextScope context("tenant"_k = "acme");
  return run_batches(shape, 1, rest, [](int) { MM_INFO("the queue is empty"); });
}

}  // namespace

std::vector<Case> micromegas_cases() {
  static const std::string text = "a string";
  static const std::string kib(1024, 'x');
  static const auto& set = micromegas::PropertySet::intern({{"tenant", "acme"}, {"tier", "gold"}});
  return {
      make_case("literal", 1, [](int) { MM_INFO("the queue is empty"); }),
      make_case("int+double+string", 1,
                [](int i) { MM_INFO("{} took {:.1f} ms in {}", i, 0.5 * i, text); }),
      make_case("structured_int", 1, [](int i) { MM_INFO("rows fetched", "rows"_k = i); }),
      make_case("structured_int_string", 1,
                [](int i) { MM_INFO("rows fetched", "rows"_k = i, "region"_k = text); }),
      {"log_in_context", 1, log_in_context, 2},
      make_case("log_1kib_string", 1, [](int) { MM_INFO("{}", kib); }),
      make_case("int_metric", 1, [](int i) { MM_IMETRIC("depth", "count", i); }),
      make_case("float_metric", 1, [](int i) { MM_FMETRIC("time", "ms", 0.5 * i); }),
      make_case("metric_int_property", 1,
                [](int i) { MM_IMETRIC("depth", "count", i, "shard"_k = i); }),
      make_case("metric_literal_set", 1, [](int i) { MM_IMETRIC("depth", "count", i, set); }),
      make_case("span_event", 2, [](int) { MM_SPAN("decode"); }),
      make_pair_case("span_pair_int_property", [](int i) { MM_SPAN("decode", "rows"_k = i); }),
      make_case("named_span_event", 2, [](int) { MM_SPAN_DYN(text); }),
      make_pair_case("async_span_pair", [](int) { MM_ASYNC_SPAN_VAR(span, "decode"); }),
      make_silent_case("disabled_level", [](int i) { MM_TRACE("{}", i); }),
      make_silent_case("disabled_target", [](int i) { MM_INFO_T("bench.silent", "{}", i); }),
      // For paced.
      make_case("int+int", 1, [](int i) { MM_INFO("{} of {}", i, 20); }),
  };
}

}  // namespace bench
