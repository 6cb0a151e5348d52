// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Knows what should have arrived: each thread numbers its events, and what a server has stored is
// held against that. Nothing twice, nothing invented, nothing missing that the books do not name.
//
//   oracle.expect({.threads = 3, .numbers = 1000});
//   Oracle::record(thread, number);                // each number of each thread, on any thread
//   oracle.take(request);                          // what a server stores, as often as it comes
//   oracle.check(stats());                         // DeliveryTest does that
#ifndef MICROMEGAS_TESTS_DELIVERY_ORACLE_H_
#define MICROMEGAS_TESTS_DELIVERY_ORACLE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "micromegas/telemetry.h"
#include "micromegas/tests/http/scripted_server.h"
#include "micromegas/transport/wire/decode.h"

namespace micromegas::testing {

class Oracle {
 public:
  // What the test records: numbers from 0 on of threads from 0 on.
  struct Plan {
    int threads = 0;
    int numbers = 0;
    int numbers_of_logs = -1;  // -1: as many
    bool logs = true;
    bool metrics = true;
    bool spans = true;
  };
  // Begins anew.
  void expect(Plan plan);

  // A log, a metric and a span. One each:
  static void record(int thread, int number);
  static void record_log(int thread, int number);
  static void record_metric(int thread, int number);

  // What a server stores. Inserts are by id: the first one counts, and the same id must bring the
  // same bytes.
  void take(const ReceivedRequest& request);
  // A block that comes once.
  void read(const wire::DecodedProcess& process, const wire::DecodedStream& stream,
            const wire::DecodedBlock& block);

  // After the end. Fails if the books' `recorded` is not the plan, if they call delivered what has
  // not been stored, or if more is missing than they call dropped or held.
  void check(const TelemetryStats& stats) const;
  // Everything has come.
  void expect_all() const;
  // Nothing has.
  void expect_none() const;
  // telemetry_dropped_... by name: their sum.
  [[nodiscard]] std::uint64_t reported(const std::string& name) const;

 private:
  using Number = std::pair<int, int>;  // thread, number

  // Of one kind of event: which have come.
  class Seen {
   public:
    void begin(const Plan& plan, bool recorded);
    void add(const char* what, Number number);
    [[nodiscard]] std::uint64_t planned() const;
    [[nodiscard]] std::uint64_t count() const { return count_; }
    friend bool operator==(const Seen&, const Seen&) = default;

   private:
    std::vector<std::vector<bool>> came_;  // by thread and number
    std::uint64_t count_ = 0;
  };

  static Number parse(std::string_view text);
  void read_locked(const wire::DecodedProcess& process, const wire::DecodedStream& stream,
                   const wire::DecodedBlock& block);

  mutable std::mutex mutex_;
  std::map<Uuid, wire::DecodedProcess> processes_;
  std::map<Uuid, wire::DecodedStream> streams_;
  std::map<Uuid, std::string> bodies_;
  Seen logs_, metrics_, begins_, ends_;
  std::uint64_t reports_ = 0;
  std::map<std::string, std::uint64_t> reported_;
};

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_DELIVERY_ORACLE_H_
