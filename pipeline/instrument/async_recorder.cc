// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/instrument/async_recorder.h"

namespace micromegas {

SpanContext AsyncSpan::outer_context() const noexcept {
  if (ended_) return {};
  if (session_ == 0) return detail::current_context();
  return parent_ == 0 ? SpanContext() : SpanContext{parent_, depth_ - 1, session_}.if_alive();
}

MICROMEGAS_COLD void AsyncSpan::end_without_room() noexcept {
  using queue::RecordKind;
  const RecordKind kind = named_ ? RecordKind::kAsyncNamedEnd : RecordKind::kAsyncSpanEnd;
  std::uint64_t head[] = {
      queue::header_word(site_, kind, queue::kNoFlags, kFixedBytes + records_.size()), 0, id_,
      parent_, depth_};
  micromegas_v0_async_end_without_room(&head, records_.data(), records_.size(),
                                       records_.size() > records_.name_bytes());
}

}  // namespace micromegas
