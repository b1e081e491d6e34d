// A product made ready: chooses kernels, brings operands into their form, shares the work among threads.
#pragma once

#include <memory>
#include <vector>

#include "../base/thread-pool.h"
#include "../loops/loops.h"
#include "columns.h"
#include "parts.h"
#include "qgemm.h"

namespace halftone::qgemm {

struct Shape {
  size_t m, n, k;
  bool a_signed, b_signed, transposed;
  Output output;
  // B zero points, multipliers: one, or one a column.
  bool zero_per_column, multiplier_per_column;
};

struct Operands {
  const uint8_t* a;
  int32_t a_zero;
  // One, or n, codes in the type of B.
  const uint8_t* b_zero;
  WayOut way_out;
  void* y;
};

class Gemm {
 public:
  // Null where there is no memory for what it needs at each run.
  static std::unique_ptr<Gemm> Make(const Shape& shape, uint32_t tiers, unsigned threads);

  const KernelRow& kernel() const { return *kernel_; }
  Layout layout() const { return kernel_->layout; }

  // Computes y. `b` was packed in this layout. Nothing is allocated.
  void Run(const PackedB& b, const Operands& operands, ThreadPool* pool);

 private:
  Gemm() = default;
  Epilogue PrepareColumns(const PackedB& b, const Operands& operands);
  void PrepareRows(const uint8_t* a, size_t m0, size_t m1, bool sums);

  Shape shape_;
  const KernelRow* kernel_ = nullptr;
  const Loops* loops_ = nullptr;
  bool converts_a_ = false;
  bool flips_a_ = false;
  Sharing sharing_ = Sharing::kNever;
  size_t lda_ = 0;
  Columns columns_;
  Buffer a_, row_sums_;
  std::vector<Buffer> scratch_;
  void* a_data_ = nullptr;
  int32_t* row_sums_data_ = nullptr;
  std::vector<uint8_t*> scratch_data_;
};

}  // namespace halftone::qgemm
