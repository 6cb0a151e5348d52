// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#ifndef MICROMEGAS_PIPELINE_QUEUE_THREAD_STATES_H_
#define MICROMEGAS_PIPELINE_QUEUE_THREAD_STATES_H_

#include <cstddef>
#include <new>
#include <type_traits>

#include "micromegas/pipeline/queue/hot.h"

namespace micromegas::queue {

// Where threads' states lie: first in the hot page, then in others of that size. None comes back;
// whoever needs no state any more keeps it for the next thread. One user at a time.
class ThreadStates {
 public:
  // The same one until take(). Throws std::bad_alloc.
  ThreadState& next() {
    if (left_ == 0) {
      void* const page =
          ::operator new(kInPage * sizeof(ThreadState), std::align_val_t(alignof(HotPage)));
      at_ = new (page) ThreadState[kInPage]{};
      left_ = kInPage;
    }
    return *at_;
  }
  void take() noexcept {
    ++at_;
    --left_;
  }

 private:
  static constexpr std::size_t kInPage = std::extent_v<decltype(HotPage::states)>;

  ThreadState* at_ = micromegas_v0_hot_page.states;
  std::size_t left_ = kInPage;
};

}  // namespace micromegas::queue

#endif  // MICROMEGAS_PIPELINE_QUEUE_THREAD_STATES_H_
