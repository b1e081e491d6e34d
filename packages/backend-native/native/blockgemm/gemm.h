// A product made ready: chooses a kernel, brings A into its form, shares the work among threads.
#pragma once

#include <memory>
#include <vector>

#include "../base/sharing.h"
#include "blockgemm.h"

namespace halftone::blockgemm {

struct Shape {
  size_t m, n, k, block, bits;
  Computation computation;
};

class Gemm {
 public:
  // Null where there is no memory for what it needs at each run.
  static std::unique_ptr<Gemm> Make(const Shape& shape, uint32_t tiers, unsigned threads);

  const KernelRow& kernel() const { return *kernel_; }

  // Computes y [m, n] of a [m, k]; `bias` may be null. Nothing is allocated.
  void Run(const PackedBlocks& b, const float* a, const float* bias, float* y, ThreadPool* pool);

 private:
  Gemm() = default;

  Shape shape_ = {};
  const KernelRow* kernel_ = nullptr;
  Sharing sharing_ = Sharing::kNever;
  size_t lda_ = 0, m_padded_ = 0;
  Buffer rows_, row_scale_, row_sum_;
  std::vector<Buffer> scratch_;
};

}  // namespace halftone::blockgemm
