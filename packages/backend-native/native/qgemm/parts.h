// How threads and caches share a product.
#pragma once

#include <algorithm>

#include "../arch/float-environment.h"
#include "../base/thread-pool.h"
#include "qgemm.h"

namespace halftone::qgemm {

// When other threads take part: waking one costs as much as some ten thousand sums, one that is awake begins at once.
enum class Sharing { kNever, kAwake, kAlways };

// For a product of this shape; each sum costs about as much as so many more multiplications when it is finished.
inline Sharing SharingOf(size_t m, size_t n, size_t k) {
  constexpr size_t kFinish = 64, kWorthAwake = size_t{1} << 20, kWorthWaking = size_t{4} << 20;
  size_t work;
  if (__builtin_mul_overflow(m, n, &work) || __builtin_mul_overflow(work, k + kFinish, &work)) return Sharing::kAlways;
  return work < kWorthAwake ? Sharing::kNever : work < kWorthWaking ? Sharing::kAwake : Sharing::kAlways;
}

inline unsigned ThreadsNow(Sharing sharing, const ThreadPool& pool) {
  return sharing == Sharing::kAlways || (sharing == Sharing::kAwake && pool.awake()) ? pool.threads() : 1;
}

// What a kernel is called with, by one of the threads; `first`: no columns of these rows came before.
struct Part {
  size_t m0, m1, n0, n1;
  unsigned thread;
  bool first;
};

// Each thread has its own columns where there are enough of them: its part of B stays in its own cache.
inline bool ByColumns(unsigned threads, size_t m, size_t n) {
  return (n + kColumnBlock - 1) / kColumnBlock >= 2 * threads || m < 2 * kRowBlock * threads;
}

// Runs work(part) over all rows and columns of a product.
template <typename F>
void ForParts(ThreadPool* pool, unsigned threads, const Product& product, const F& work) {
  const size_t m = product.m, n = product.n;
  const size_t blocks = (n + kColumnBlock - 1) / kColumnBlock;
  const size_t most = MostColumns(product.b->k_padded) / kColumnBlock;
  const bool by_columns = ByColumns(threads, m, n);
  pool->Run(threads, [&](unsigned thread, unsigned count) {
    const FloatEnvironment environment;
    const size_t b0 = by_columns ? blocks * thread / count : 0;
    const size_t b1 = by_columns ? blocks * (thread + 1) / count : blocks;
    const size_t panels = (m + kRowBlock - 1) / kRowBlock;
    const size_t m0 = by_columns ? 0 : std::min(m, panels * thread / count * kRowBlock);
    const size_t m1 = by_columns ? m : std::min(m, panels * (thread + 1) / count * kRowBlock);
    if (m0 == m1) return;
    for (size_t block = b0; block < b1; block += most)
      work(Part{m0, m1, block * kColumnBlock, std::min(n, std::min(b1, block + most) * kColumnBlock), thread, block == b0});
  });
}

}  // namespace halftone::qgemm
