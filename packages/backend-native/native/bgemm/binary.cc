#include "binary.h"

#include "../qgemm/parts.h"

namespace halftone::bgemm {
namespace {

// Signs of a nanosecond, and how many a sum costs beside its own.
constexpr double kPerNanosecond = 1500, kFinish = 512;

}  // namespace

std::unique_ptr<Binary> Binary::Make(size_t m, size_t n, size_t k, uint32_t tiers, unsigned threads) {
  std::unique_ptr<Binary> binary(new Binary());
  binary->m_ = m;
  binary->n_ = n;
  binary->k_ = k;
  binary->kernel_ = Select(tiers, m, k);
  const double sums = static_cast<double>(m) * static_cast<double>(n);
  binary->sharing_ = SharingOf(sums * (static_cast<double>(k) + kFinish) / kPerNanosecond);
  binary->scratch_ = std::vector<Buffer>(binary->sharing_ == Sharing::kNever ? 1 : threads);
  for (Buffer& scratch : binary->scratch_) {
    binary->scratch_data_.push_back(scratch.ReserveOf<uint8_t>(binary->kernel_->scratch(k)));
    if (!binary->scratch_data_.back()) return nullptr;
  }
  return binary;
}

void Binary::Run(const PackedB& b, const uint8_t* a, int32_t* y, ThreadPool* pool) {
  if (m_ == 0 || n_ == 0) return;
  const Product product = {a, &b, m_, n_, k_, y};
  qgemm::ForParts(pool, ThreadsFor(sharing_, *pool), m_, n_, MostColumns(b), [&](const qgemm::Part& part) {
    kernel_->kernel(product, part.m0, part.m1, part.n0, part.n1, scratch_data_[part.thread]);
  });
}

}  // namespace halftone::bgemm
