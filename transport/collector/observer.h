// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Who wants to see what the collector decodes, as it comes. Derive and override what is wanted.
#ifndef MICROMEGAS_TRANSPORT_COLLECTOR_OBSERVER_H_
#define MICROMEGAS_TRANSPORT_COLLECTOR_OBSERVER_H_

#include <string_view>

#include "micromegas/transport/collector/stats.h"
#include "micromegas/transport/wire/decode.h"

namespace micromegas::collector {

// Called on the collector's thread, one call at a time, before the request is answered: a slow
// observer slows its clients down. Arguments are valid during the call. May ask the collector for
// its stats; must not throw nor stop it.
class CollectorObserver {
 public:
  virtual ~CollectorObserver() = default;

  // Each process and stream once.
  virtual void on_process(const wire::DecodedProcess& /*process*/) {}
  virtual void on_stream(const wire::DecodedStream& /*stream*/) {}
  // Each block once, when its process and stream are known. All its events were read without an
  // error: read them again with the functions of wire/rows.h or wire::for_each_event().
  virtual void on_block(const wire::DecodedProcess& /*process*/,
                        const wire::DecodedStream& /*stream*/,
                        const wire::DecodedBlock& /*block*/) {}
  // After the on_block() that ended it.
  virtual void on_span(const FinishedSpan& /*span*/) {}
  // A request that was answered `status` (400 and above), or a block that turned out undecodable
  // after it had been accepted (status 0). `reason` may quote what was received.
  virtual void on_refused(unsigned /*status*/, std::string_view /*reason*/) {}
};

}  // namespace micromegas::collector

#endif  // MICROMEGAS_TRANSPORT_COLLECTOR_OBSERVER_H_
