#include "gemm.h"

#include <string.h>

#include <algorithm>
#include <tuple>

#include "parts.h"

namespace halftone::qgemm {
namespace {

// So many sums push everything else out of the second cache.
constexpr size_t kPastCaches = size_t{1} << 20;

// Rows of A that are prepared at a time.
constexpr size_t kPreparedRows = 128;

bool IsAligned(const void* data) { return reinterpret_cast<uintptr_t>(data) % kAlignment == 0; }

}  // namespace

std::unique_ptr<Gemm> Gemm::Make(const Shape& shape, uint32_t tiers, unsigned threads) {
  std::unique_ptr<Gemm> gemm(new Gemm());
  gemm->shape_ = shape;
  const Layout layout = LayoutFor(tiers);
  gemm->kernel_ = Select(tiers, layout, shape.m, shape.k);
  gemm->loops_ = &LoopsFor(tiers);
  const bool native = gemm->kernel_->tier == kAmx;
  gemm->converts_a_ = layout == Layout::kPairs;
  gemm->flips_a_ = layout == Layout::kQuads && !native && PartnerSigned(gemm->kernel_->tier, shape.b_signed) != shape.a_signed;
  gemm->sharing_ = SharingOf(shape.m, shape.n, shape.k);
  gemm->lda_ = gemm->converts_a_ ? RoundUp(shape.k, 2) : shape.k;
  size_t codes = 1;
  if (gemm->converts_a_ || gemm->flips_a_) {
    if (!CheckedMultiply(shape.m, gemm->lda_, &codes)) return nullptr;
    if (gemm->converts_a_ && !CheckedMultiply(codes, 2, &codes)) return nullptr;
  }
  gemm->a_data_ = gemm->a_.Reserve(codes);
  gemm->row_sums_data_ = gemm->row_sums_.ReserveOf<int32_t>(shape.m);
  gemm->scratch_ = std::vector<Buffer>(gemm->sharing_ == Sharing::kNever ? 1 : threads);
  for (Buffer& scratch : gemm->scratch_) {
    gemm->scratch_data_.push_back(scratch.ReserveOf<uint8_t>(ScratchBytes(RoundUp(shape.k, kDepthBlock))));
    if (!gemm->scratch_data_.back()) return nullptr;
  }
  const bool all = gemm->a_data_ && gemm->row_sums_data_ &&
                   gemm->columns_.Reserve(shape.n, shape.multiplier_per_column, shape.output);
  return all ? std::move(gemm) : nullptr;
}

Epilogue Gemm::PrepareColumns(const PackedB& b, const Operands& operands) {
  const size_t zeros = shape_.zero_per_column ? shape_.n : 1;
  bool shifted = false;
  for (size_t j = 0; j < zeros; ++j) {
    const uint8_t code = operands.b_zero[j];
    columns_.zeros()[j] = shape_.b_signed ? static_cast<int8_t>(code) : code;
    shifted |= code != 0;
  }
  // What was added to each code of A when it changed its signedness.
  const uint32_t offset = flips_a_ ? (shape_.a_signed ? -128u : 128u) : 0u;
  const uint32_t a_zero = static_cast<uint32_t>(operands.a_zero);
  Epilogue epilogue = columns_.Prepare(b.column_sums, offset - a_zero, static_cast<uint32_t>(shape_.k) * a_zero,
                                       columns_.zeros(), shape_.zero_per_column, operands.way_out);
  epilogue.row = shifted ? row_sums_data_ : nullptr;
  epilogue.b_zero = shifted && shape_.zero_per_column ? columns_.zeros() : nullptr;
  epilogue.stream = shape_.m * shape_.n >= kPastCaches && shape_.n % kColumnBlock == 0 && IsAligned(operands.y);
  return epilogue;
}

void Gemm::PrepareRows(const uint8_t* a, size_t m0, size_t m1, bool sums) {
  const uint32_t factor = shape_.zero_per_column ? 1u : static_cast<uint32_t>(columns_.zeros()[0]);
  for (size_t i = m0; i < m1; ++i) {
    const uint8_t* row = a + i * shape_.k;
    if (sums) row_sums_data_[i] = static_cast<int32_t>(factor * (shape_.a_signed ? loops_->sum_s8 : loops_->sum_u8)(row, shape_.k));
    if (converts_a_) {
      int16_t* to = static_cast<int16_t*>(a_data_) + i * lda_;
      (shape_.a_signed ? loops_->widen_s8 : loops_->widen_u8)(row, to, shape_.k);
      if (lda_ > shape_.k) to[shape_.k] = 0;
    }
    if (flips_a_) loops_->flip(row, static_cast<uint8_t*>(a_data_) + i * lda_, shape_.k);
  }
}

void Gemm::Run(const PackedB& b, const Operands& operands, ThreadPool* pool) {
  const auto [m, n, k] = std::tuple(shape_.m, shape_.n, shape_.k);
  if (m == 0 || n == 0) return;
  Product product = {};
  product.epilogue = PrepareColumns(b, operands);
  const bool sums = product.epilogue.row != nullptr;
  const bool own_a = converts_a_ || flips_a_;
  product.a = own_a ? a_data_ : operands.a;
  product.lda = lda_;
  product.a_signed = shape_.a_signed;
  product.b = &b;
  product.m = m;
  product.n = n;
  product.k = k;
  product.y = operands.y;
  product.ldy = n;
  const bool prepares = sums || own_a;
  // Rows that all threads read are prepared first; others just before they are used, while the cache has them.
  const unsigned threads = ThreadsFor(sharing_, *pool);
  const bool before = prepares && threads > 1 && ByColumns(threads, m, n);
  if (before)
    pool->Run(threads, [&](unsigned thread, unsigned count) {
      PrepareRows(operands.a, m * thread / count, m * (thread + 1) / count, sums);
    });
  ForParts(pool, threads, product, [&](const Part& part) {
    const bool prepare = prepares && !before && part.first;
    const size_t rows = prepare ? kPreparedRows : part.m1 - part.m0;
    for (size_t i = part.m0; i < part.m1; i += rows) {
      const size_t end = std::min(part.m1, i + rows);
      if (prepare) PrepareRows(operands.a, i, end, sums);
      kernel_->kernel(product, i, end, part.n0, part.n1, scratch_data_[part.thread]);
    }
  });
}

}  // namespace halftone::qgemm
