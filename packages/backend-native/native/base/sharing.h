// When the threads of a pool share a piece of work.
#pragma once

#include <stddef.h>

#include "thread-pool.h"

namespace halftone {

// Small work is shared while the other threads are awake, as they are between the steps of a network; waking them takes longer
// than it.
enum class Sharing { kNever, kAwake, kAlways };

// For work that takes about so many nanoseconds on one thread of a fast machine.
inline Sharing SharingOf(double nanoseconds) {
  constexpr double kWorthAwake = 1500, kWorthWaking = 8000;
  return nanoseconds < kWorthAwake ? Sharing::kNever : nanoseconds < kWorthWaking ? Sharing::kAwake : Sharing::kAlways;
}

inline unsigned ThreadsFor(Sharing sharing, const ThreadPool& pool) {
  return sharing == Sharing::kAlways || (sharing == Sharing::kAwake && pool.awake()) ? pool.threads() : 1;
}

}  // namespace halftone
