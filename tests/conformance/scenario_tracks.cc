// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "micromegas/tests/conformance/scenario.h"

namespace micromegas::conformance {
namespace {

// A span of a track, which has no place in the source.
std::size_t expect(Expected& e, const char* track, std::string name,
                   const Expected::Properties& properties = {}) {
  const bool has_properties = e.compatibility() == WireCompatibility::k033;
  e.enter();
  return e.add({{"kind", "span"},
                {"thread", track},
                {"depth", e.depth()},
                {"name", std::move(name)},
                {"target", "track"},
                {"file", ""},
                {"line", 0},
                {"properties", has_properties ? json(properties) : json::object()}});
}

}  // namespace

void record_tracks(Expected& all) {
  using namespace literals;
  constexpr char kGpu[] = "gpu 世界";
  Expected e(all.compatibility());
  Track gpu(kGpu);
  const std::size_t frame = expect(e, kGpu, "frame", {{"number", "1"}});
  std::int64_t before = now();
  gpu.begin("frame", "number"_k = 1);
  e.row(frame)["begin"] = {before, now()};

  const std::int64_t t = now();
  const std::size_t shadows = expect(e, kGpu, "große");
  gpu.span("große", t, t + 1500);
  e.row(shadows).update({{"begin", {t, t}}, {"end", {t + 1500, t + 1500}}});
  e.leave();
  const std::size_t pass = expect(e, kGpu, "pass", {{"of", "two"}});
  gpu.begin_at(t + 1500, std::string("pass"), "of"_k = "two");
  gpu.end_at(t + 2000);
  e.row(pass).update({{"begin", {t + 1500, t + 1500}}, {"end", {t + 2000, t + 2000}}});
  e.leave();

  if (!flush(std::chrono::seconds(30))) std::abort();  // a block ends with a span open
  before = now();
  gpu.end();
  e.row(frame)["end"] = {before, now()};
  all.append(std::move(e));
}

}  // namespace micromegas::conformance
