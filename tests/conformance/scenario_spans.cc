// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/dispatch.h"
#include "micromegas/tests/conformance/scenario.h"

namespace micromegas::conformance {
namespace {

void nest(Expected& e, const char* thread, int levels) {
  if (levels == 0) return;
  SCENARIO_SPAN(e, thread, "nested", __FILE__, MM_SPAN("nested"));
  nest(e, thread, levels - 1);
}

void function_span(Expected& e, const char* thread) {
  SCENARIO_SPAN(e, thread, "function_span", __FILE__, MM_SPAN_FN());
}

void named(Expected& e, const char* thread, const std::string& name, const std::string& shown) {
  SCENARIO_SPAN(e, thread, shown, __FILE__, MM_SPAN_DYN(name));
}

void named_with_target(Expected& e, const char* thread, const std::string& name) {
  SCENARIO_SPAN(e, thread, name, "räume", MM_SPAN_DYN_T("räume", name));
}

// Each SCENARIO_SPAN in one line: it must know the span's.
void with_properties(Expected& e, const char* t) {
  using namespace literals;
  const PropertySet& set = PropertySet::intern({{"tenant", "acmé"}, {"codec", "of the set"}});
  SCENARIO_SPAN(e, t, "tagged", __FILE__, MM_SPAN_VAR(outer, "tagged", "codec"_k = "opus", set));
  scenario_outside.properties(
      {{"codec", "opus"}, {"tenant", "acmé"}, {"rows", "2"}, {"late", "ü"}});
  outer.set("rows"_k = 1);
  {
    const std::string name = "named 世界";
    SCENARIO_SPAN(e, t, name, __FILE__, MM_SPAN_DYN(name, "id"_k = 7));
    scenario_outside.properties({{"id", "7"}});
    outer.set("rows"_k = 2, "late"_k = "ü");
    { SCENARIO_SPAN(e, t, "plain inside", __FILE__, MM_SPAN("plain inside")); }
    for (int i = 0; i < 20; ++i) {
      SCENARIO_SPAN(e, t, "many", __FILE__, MM_SPAN("many", "i"_k = i));
      scenario_outside.properties({{"i", std::to_string(i)}});
    }
    {
      const ContextScope context("tenant"_k = "of the scope", "scope"_k = 3);
      SCENARIO_SPAN(e, t, "in a scope", __FILE__, MM_SPAN("in a scope", "tenant"_k = "own"));
      scenario_outside.properties({{"tenant", "own"}, {"scope", "3"}});
    }
  }
}

// Spans by calls, without a guard.
void dispatched(Expected& e, const char* thread) {
  static constinit SpanMetadata site{
      .name = "by call", .location = {.target = "bridge", .file = "elsewhere.cc", .line = 77}};
  static constinit SpanLocation place{
      .target = "bridge", .file = "there.cc", .line = 4'000'000'000};
  const auto expect = [&](std::string name, const char* file, std::uint32_t line) {
    e.enter();
    return e.add({{"kind", "span"},
                  {"thread", thread},
                  {"depth", e.depth()},
                  {"name", std::move(name)},
                  {"target", "bridge"},
                  {"file", file},
                  {"line", line},
                  {"properties", json::object()}});
  };
  const auto time = [&](std::size_t row, const char* which, auto record) {
    const std::int64_t before = now();
    record();
    e.row(row)[which] = {before, now()};
  };
  const std::size_t outer = expect("by call", "elsewhere.cc", 77);
  time(outer, "begin", [] { dispatch::on_begin_scope(site); });
  const std::size_t inner = expect("named by call", "there.cc", 4'000'000'000);
  time(inner, "begin", [] { dispatch::on_begin_named_scope(place, "named by call"); });
  time(inner, "end", [] { dispatch::on_end_named_scope(place, "named by call"); });
  e.leave();
  const PropertySet& set = PropertySet::intern({{"zone", "eu"}, {"rows", "of the set"}});
  const Property pairs[] = {{"rows", "3"}, {"é", "\xff"}};
  const auto properties = [&](std::size_t row) {
    if (e.compatibility() != WireCompatibility::k033) return;
    e.row(row)["properties"] = {{"rows", "3"}, {"é", "\xef\xbf\xbd"}, {"zone", "eu"}};
  };
  const std::size_t tagged = expect("tagged by call", "there.cc", 4'000'000'000);
  time(tagged, "begin", [] { dispatch::on_begin_named_scope_dyn(place, "tagged by call"); });
  time(tagged, "end",
       [&] { dispatch::on_end_named_scope_tagged(place, "tagged by call", set, pairs); });
  properties(tagged);
  e.leave();
  time(outer, "end", [&] { dispatch::on_end_scope_tagged(site, set, pairs); });
  properties(outer);
  e.leave();
}

}  // namespace

void record_spans(Expected& e, const char* thread) {
  {
    SCENARIO_SPAN(e, thread, "plain", __FILE__, MM_SPAN("plain"));
    { SCENARIO_SPAN(e, thread, "first child", "other", MM_SPAN_T("other", "first child")); }
    { SCENARIO_SPAN(e, thread, "", __FILE__, MM_SPAN("")); }
    { SCENARIO_SPAN(e, thread, "große 世界", __FILE__, MM_SPAN("große 世界")); }
    function_span(e, thread);
  }
  for (int i = 0; i < 3; ++i)
    named(e, thread, "asset " + std::to_string(i), "asset " + std::to_string(i));
  named(e, thread, "", "");
  named(e, thread, "bad \xff", "bad \xef\xbf\xbd");
  named(e, thread, std::string(1024, 'n') + "cut", std::string(1024, 'n'));
  named_with_target(e, thread, "große");
  // The same name from two places, and a name both as text and as literal.
  named(e, thread, "plain", "plain");
  { SCENARIO_SPAN(e, thread, "plain", __FILE__, MM_SPAN("plain")); }
  nest(e, thread, 200);
  dispatched(e, thread);
  with_properties(e, thread);
}

namespace {

// Macros: begun here, ended on another thread, with properties.
void async_macros(Expected& e) {
  using namespace literals;
  const PropertySet& set = PropertySet::intern({{"tenant", "acmé"}, {"codec", "of the set"}});
  const auto row = [](const AsyncSpan& span, std::uint64_t parent, int depth, std::string name,
                      std::string target, int line) {
    return json{{"id", span.id()},
                {"parent", parent},
                {"depth", depth},
                {"name", std::move(name)},
                {"target", std::move(target)},
                {"file", __FILE__},
                {"line", line}};
  };
  std::int64_t before = now();
  const int line = __LINE__ + 1;
  AsyncSpan outer = MM_BEGIN_ASYNC_SPAN("task", "codec"_k = "opus", set);
  const json outer_row = row(outer, 0, 0, "task", __FILE__, line);
  e.async_at("begin", outer_row, {before, now()});
  const std::string name = "große 世界";
  before = now();
  const int inner_line = __LINE__ + 1;
  AsyncSpan inner = MM_BEGIN_ASYNC_SPAN_DYN_T("räume", name, outer.context(), "id"_k = 7);
  const json inner_row = row(inner, outer.id(), 1, name, "räume", inner_line);
  e.async_at("begin", inner_row, {before, now()});
  before = now();
  const int plain_line = __LINE__ + 1;
  AsyncSpan plain = MM_BEGIN_ASYNC_SPAN("plain", inner.context());
  const json plain_row = row(plain, inner.id(), 2, "plain", __FILE__, plain_line);
  e.async_at("begin", plain_row, {before, now()});
  std::thread([&] {
    set_thread_name("ender 2");
    outer.set("rows"_k = 1);
    outer.set("rows"_k = 2, "late"_k = "ü");
    inner.set("text"_k = std::string(5000, 't'));
    e.async("end", plain_row, [&] { plain.end(); });
    e.async("end", outer_row, [&] { outer.end(); },
            {{"codec", "opus"}, {"tenant", "acmé"}, {"rows", "2"}, {"late", "ü"}});
    e.async("end", inner_row,
            [&] {
              try {
                const AsyncSpan ended = std::move(inner);
                throw std::runtime_error("");
              } catch (const std::runtime_error&) {
              }
            },
            {{"id", "7"}, {"text", std::string(5000, 't')}, {"micromegas.end", "exception"}});
  }).join();
}

}  // namespace

void record_async_spans(Expected& e) {
  static constinit SpanMetadata site{
      .name = "fetch", .location = {.target = "async", .file = "async.cc", .line = 12}};
  static constinit SpanLocation place{.target = "async", .file = "async.cc", .line = 34};
  const auto row = [](std::uint64_t id, std::uint64_t parent, int depth, const char* name,
                      int line) {
    return json{{"id", id},          {"parent", parent},   {"depth", depth}, {"name", name},
                {"target", "async"}, {"file", "async.cc"}, {"line", line}};
  };
  // Ids are given out at the begin: its row is made when it is known.
  const auto begin = [&](std::uint64_t parent, int depth, const char* name, int line,
                         const auto& record) {
    const std::int64_t before = now();
    const std::uint64_t id = record();
    json begun = row(id, parent, depth, name, line);
    begun.update({{"kind", "async"},
                  {"event", "begin"},
                  {"properties", json::object()},
                  {"time", {before, now()}}});
    e.add(begun);
    return id;
  };
  const std::uint64_t root =
      begin(0, 0, "fetch", 12, [&] { return dispatch::on_begin_async_scope(site, 0, 0); });
  const std::uint64_t child = begin(root, 1, "fetch 世界", 34, [&] {
    return dispatch::on_begin_async_named_scope(place, "fetch 世界", root, 1);
  });

  // Another thread ends them.
  std::thread([&] {
    set_thread_name("ender");
    e.async("end", row(child, root, 1, "fetch 世界", 34),
            [&] { dispatch::on_end_async_named_scope(child, root, place, "fetch 世界", 1); });
    e.async("end", row(root, 0, 0, "fetch", 12),
            [&] { dispatch::on_end_async_scope(root, 0, site, 0); });
  }).join();

  // Parents and depths are the program's: nothing checks them.
  constexpr std::uint64_t kLargest = 0x7fff'ffff'ffff'ffff;
  const std::uint64_t deep = begin(kLargest, 1'000'000, "fetch", 12, [&] {
    return dispatch::on_begin_async_scope(site, kLargest, 1'000'000);
  });
  e.async("end", row(deep, kLargest, 1'000'000, "fetch", 12),
          [&] { dispatch::on_end_async_scope(deep, kLargest, site, 1'000'000); });
  const PropertySet& set = PropertySet::intern({{"zone", "eu"}});
  const Property pairs[] = {{"rows", "3"}};
  const std::uint64_t named = begin(0, 0, "tagged", 34, [&] {
    return dispatch::on_begin_async_named_scope(place, "tagged", 0, 0);
  });
  e.async(
      "end", row(named, 0, 0, "tagged", 34),
      [&] { dispatch::on_end_async_named_scope_tagged(named, 0, place, "tagged", 0, set, pairs); },
      {{"zone", "eu"}, {"rows", "3"}});
  const std::uint64_t plain =
      begin(0, 0, "fetch", 12, [&] { return dispatch::on_begin_async_scope(site, 0, 0); });
  e.async("end", row(plain, 0, 0, "fetch", 12),
          [&] { dispatch::on_end_async_scope_tagged(plain, 0, site, 0, set, pairs); },
          {{"zone", "eu"}, {"rows", "3"}});
  async_macros(e);
}

}  // namespace micromegas::conformance
