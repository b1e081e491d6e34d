#include "binary.h"

#include "../qgemm/parts.h"

namespace halftone::bgemm {
namespace {

// Products of fewer signs are done before another thread has woken up.
constexpr size_t kWorthThreads = size_t{16} << 20;

}  // namespace

std::unique_ptr<Binary> Binary::Make(size_t m, size_t n, size_t k, uint32_t tiers, unsigned threads) {
  std::unique_ptr<Binary> binary(new Binary());
  binary->m_ = m;
  binary->n_ = n;
  binary->k_ = k;
  binary->kernel_ = Select(tiers, m, k);
  size_t work;
  const bool large = !CheckedMultiply(m, n, &work) || !CheckedMultiply(work, k, &work) || work >= kWorthThreads;
  binary->threads_ = large ? threads : 1;
  binary->scratch_ = std::vector<Buffer>(binary->threads_);
  for (Buffer& scratch : binary->scratch_) {
    binary->scratch_data_.push_back(scratch.ReserveOf<uint8_t>(binary->kernel_->scratch(k)));
    if (!binary->scratch_data_.back()) return nullptr;
  }
  return binary;
}

void Binary::Run(const PackedB& b, const uint8_t* a, int32_t* y, ThreadPool* pool) {
  if (m_ == 0 || n_ == 0) return;
  const Product product = {a, &b, m_, n_, k_, y};
  qgemm::ForParts(pool, threads_, m_, n_, MostColumns(b), [&](const qgemm::Part& part) {
    kernel_->kernel(product, part.m0, part.m1, part.n0, part.n1, scratch_data_[part.thread]);
  });
}

}  // namespace halftone::bgemm
