// A product of signs made ready: chooses a kernel, shares the work among threads.
#pragma once

#include <memory>
#include <vector>

#include "../base/sharing.h"
#include "bgemm.h"

namespace halftone::bgemm {

class Binary {
 public:
  // Null where there is no memory for what it needs at each run.
  static std::unique_ptr<Binary> Make(size_t m, size_t n, size_t k, uint32_t tiers, unsigned threads);

  const KernelRow& kernel() const { return *kernel_; }

  // Computes y [m, n]. Nothing is allocated.
  void Run(const PackedB& b, const uint8_t* a, int32_t* y, ThreadPool* pool);

 private:
  Binary() = default;

  size_t m_ = 0, n_ = 0, k_ = 0;
  const KernelRow* kernel_ = nullptr;
  Sharing sharing_ = Sharing::kNever;
  std::vector<Buffer> scratch_;
  std::vector<uint8_t*> scratch_data_;
};

}  // namespace halftone::bgemm
