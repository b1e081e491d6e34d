// How the threads of a pool share elements.
#pragma once

#include <algorithm>

#include "../arch/float-environment.h"
#include "../base/sharing.h"

namespace halftone {

// work(first, last) for parts of so many elements, a few thousand at least.
template <typename F>
void ShareElements(ThreadPool& pool, size_t count, const F& work) {
  constexpr double kPerNanosecond = 10;
  constexpr size_t kLeast = 4096;
  const size_t pieces = (count + kLeast - 1) / kLeast;
  pool.Run(ThreadsFor(SharingOf(static_cast<double>(count) / kPerNanosecond), pool), [&](unsigned thread, unsigned threads) {
    const FloatEnvironment environment;
    const size_t first = std::min(count, pieces * thread / threads * kLeast);
    const size_t last = std::min(count, pieces * (thread + 1) / threads * kLeast);
    if (first < last) work(first, last);
  });
}

}  // namespace halftone
