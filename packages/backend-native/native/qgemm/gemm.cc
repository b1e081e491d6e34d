#include "gemm.h"

#include <string.h>

#include <algorithm>
#include <tuple>

#include "../arch/float-environment.h"

namespace halftone::qgemm {
namespace {

// Products with fewer multiplications are done before another thread has woken up.
constexpr size_t kWorthThreads = size_t{2} << 20;
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
  size_t work;
  const bool large = !CheckedMultiply(shape.m, shape.n, &work) || !CheckedMultiply(work, shape.k, &work) || work >= kWorthThreads;
  gemm->threads_ = large ? threads : 1;
  gemm->lda_ = gemm->converts_a_ ? RoundUp(shape.k, 2) : shape.k;
  size_t codes = 1;
  if (gemm->converts_a_ || gemm->flips_a_) {
    if (!CheckedMultiply(shape.m, gemm->lda_, &codes)) return nullptr;
    if (gemm->converts_a_ && !CheckedMultiply(codes, 2, &codes)) return nullptr;
  }
  const size_t columns = RoundUp(shape.n, kColumnBlock);
  gemm->a_data_ = gemm->a_.Reserve(codes);
  gemm->row_sums_data_ = gemm->row_sums_.ReserveOf<int32_t>(shape.m);
  gemm->column_data_ = gemm->column_.ReserveOf<int32_t>(columns);
  gemm->b_zero_data_ = gemm->b_zero_.ReserveOf<int32_t>(columns);
  gemm->multiplier_data_ = gemm->multiplier_.ReserveOf<float>(columns);
  gemm->float_bias_data_ = gemm->float_bias_.ReserveOf<float>(columns);
  gemm->scratch_ = std::vector<Buffer>(gemm->threads_);
  for (Buffer& scratch : gemm->scratch_) {
    gemm->scratch_data_.push_back(scratch.ReserveOf<uint8_t>(ScratchBytes(RoundUp(shape.k, kDepthBlock))));
    if (!gemm->scratch_data_.back()) return nullptr;
  }
  const bool all = gemm->a_data_ && gemm->row_sums_data_ && gemm->column_data_ && gemm->b_zero_data_ &&
                   gemm->multiplier_data_ && gemm->float_bias_data_;
  if (!all) return nullptr;
  // Padding of columns is computed with, and thrown away.
  memset(gemm->column_data_, 0, columns * sizeof(int32_t));
  memset(gemm->b_zero_data_, 0, columns * sizeof(int32_t));
  memset(gemm->multiplier_data_, 0, columns * sizeof(float));
  memset(gemm->float_bias_data_, 0, columns * sizeof(float));
  return gemm;
}

void Gemm::PrepareColumns(const PackedB& b, const Operands& operands, Epilogue* epilogue) {
  bool shifted = false;
  for (size_t j = 0; j < shape_.n; ++j) {
    const uint8_t code = operands.b_zero[shape_.zero_per_column ? j : 0];
    b_zero_data_[j] = shape_.b_signed ? static_cast<int8_t>(code) : code;
    shifted |= code != 0;
  }
  // What was added to each code of A when it changed its signedness.
  const uint32_t offset = flips_a_ ? (shape_.a_signed ? -128u : 128u) : 0u;
  const uint32_t a_zero = static_cast<uint32_t>(operands.a_zero);
  const uint32_t k = static_cast<uint32_t>(shape_.k);
  for (size_t j = 0; j < shape_.n; ++j) {
    uint32_t value = (offset - a_zero) * static_cast<uint32_t>(b.column_sums[j]);
    value += k * a_zero * static_cast<uint32_t>(b_zero_data_[j]);
    if (operands.bias) value += static_cast<uint32_t>(operands.bias[j]);
    column_data_[j] = static_cast<int32_t>(value);
  }
  epilogue->column = column_data_;
  epilogue->row = shifted ? row_sums_data_ : nullptr;
  epilogue->b_zero = shifted && shape_.zero_per_column ? b_zero_data_ : nullptr;
  if (operands.multiplier) {
    if (shape_.multiplier_per_column)
      memcpy(multiplier_data_, operands.multiplier, shape_.n * sizeof(float));
    else
      std::fill(multiplier_data_, multiplier_data_ + shape_.n, operands.multiplier[0]);
  }
  epilogue->multiplier = multiplier_data_;
  if (operands.float_bias) memcpy(float_bias_data_, operands.float_bias, shape_.n * sizeof(float));
  epilogue->float_bias = operands.float_bias ? float_bias_data_ : nullptr;
  epilogue->output = shape_.output;
  epilogue->stream = shape_.m * shape_.n >= kPastCaches && shape_.n % kColumnBlock == 0 && IsAligned(operands.y);
  epilogue->zero = operands.zero;
  epilogue->lo = static_cast<float>(operands.lo - operands.zero);
  epilogue->hi = static_cast<float>(operands.hi - operands.zero);
}

void Gemm::PrepareRows(const uint8_t* a, size_t m0, size_t m1, bool sums) {
  const uint32_t factor = shape_.zero_per_column ? 1u : static_cast<uint32_t>(b_zero_data_[0]);
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
  Product product;
  PrepareColumns(b, operands, &product.epilogue);
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
  const bool prepares = sums || own_a;
  const size_t blocks = (n + kColumnBlock - 1) / kColumnBlock;
  const size_t most = MostColumns(b.k_padded) / kColumnBlock;
  // Each thread has its own columns where there are enough of them: its part of B stays in its own cache.
  const bool by_columns = blocks >= 2 * threads_ || m < 2 * 32 * threads_;
  // Rows that all threads read are prepared first; others just before they are used, while the cache has them.
  const bool first = prepares && by_columns && threads_ > 1;
  if (first)
    pool->Run(threads_, [&](unsigned thread, unsigned threads) {
      PrepareRows(operands.a, m * thread / threads, m * (thread + 1) / threads, sums);
    });
  pool->Run(threads_, [&](unsigned thread, unsigned threads) {
    const FloatEnvironment environment;
    const size_t b0 = by_columns ? blocks * thread / threads : 0;
    const size_t b1 = by_columns ? blocks * (thread + 1) / threads : blocks;
    const size_t panels = (m + 31) / 32;
    const size_t m0 = by_columns ? 0 : std::min(m, panels * thread / threads * 32);
    const size_t m1 = by_columns ? m : std::min(m, panels * (thread + 1) / threads * 32);
    for (size_t block = b0; block < b1; block += most) {
      const size_t n0 = block * kColumnBlock;
      const size_t n1 = std::min(n, std::min(b1, block + most) * kColumnBlock);
      const bool prepare = prepares && !first && block == b0;
      const size_t rows = prepare ? kPreparedRows : m1 - m0;
      for (size_t i = m0; i < m1; i += rows) {
        const size_t end = std::min(m1, i + rows);
        if (prepare) PrepareRows(operands.a, i, end, sums);
        kernel_->kernel(product, i, end, n0, n1, scratch_data_[thread]);
      }
    }
  });
}

}  // namespace halftone::qgemm
