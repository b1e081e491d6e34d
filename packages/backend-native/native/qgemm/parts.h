// How threads and caches share a product.
#pragma once

#include <algorithm>

#include "../arch/float-environment.h"
#include "../base/sharing.h"
#include "qgemm.h"

namespace halftone::qgemm {

// For a product of this shape. To finish a sum takes about as long as so many multiplications.
inline Sharing SharingOf(size_t m, size_t n, size_t k) {
  constexpr double kFinish = 64, kPerNanosecond = 1000;
  return halftone::SharingOf(static_cast<double>(m) * static_cast<double>(n) * (static_cast<double>(k) + kFinish) / kPerNanosecond);
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

// Runs work(part) over m rows and n columns, no more than `most_columns` at a time.
template <typename F>
void ForParts(ThreadPool* pool, unsigned threads, size_t m, size_t n, size_t most_columns, const F& work) {
  const size_t blocks = (n + kColumnBlock - 1) / kColumnBlock;
  const size_t most = most_columns / kColumnBlock;
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

// The same of a product.
template <typename F>
void ForParts(ThreadPool* pool, unsigned threads, const Product& product, const F& work) {
  ForParts(pool, threads, product.m, product.n, MostColumns(product.b->k_padded), work);
}

}  // namespace halftone::qgemm
