#include "gemm.h"

#include <algorithm>

#include "../arch/float-environment.h"

namespace halftone::blockgemm {
namespace {

// Multiplications of a nanosecond.
constexpr double kPerNanosecond = 150;
// So much of A stays in the second cache while the panels of B pass by.
constexpr size_t kCachedRows = size_t{1} << 20;

// Bytes of an element that was made ready, by form.
constexpr size_t kWidths[] = {0, 1, 2, 2};

}  // namespace

std::unique_ptr<Gemm> Gemm::Make(const Shape& shape, uint32_t tiers, unsigned threads) {
  std::unique_ptr<Gemm> gemm(new Gemm());
  gemm->shape_ = shape;
  gemm->kernel_ = Select(tiers, shape.computation, shape.m, shape.block);
  const Form form = gemm->kernel_->form;
  const size_t blocks = (shape.k + shape.block - 1) / shape.block;
  const size_t width = kWidths[static_cast<size_t>(form)];
  size_t codes, parameters;
  if (!CheckedMultiply(blocks, shape.block, &codes)) return nullptr;
  // Rows of codes whose distance is a power of two would share their places in the first cache.
  gemm->lda_ = RoundUp(codes, 32) * (form == Form::kParts ? 3 : 1) + (form == Form::kCodes ? 64 : 0);
  if (form == Form::kFloats) gemm->lda_ = shape.k;
  gemm->m_padded_ = RoundUp(shape.m, kRowBlock);
  if (!CheckedMultiply(gemm->lda_, gemm->m_padded_, &codes) || !CheckedMultiply(codes, width, &codes) ||
      !CheckedMultiply(blocks, gemm->m_padded_, &parameters))
    return nullptr;
  const double sums = static_cast<double>(shape.m) * static_cast<double>(shape.n);
  gemm->sharing_ = SharingOf(sums * static_cast<double>(shape.k) / kPerNanosecond);
  if (shape.computation != Computation::kInt8Block) parameters = form == Form::kParts ? gemm->m_padded_ : 0;
  bool all = gemm->rows_.Reserve(codes) && gemm->row_scale_.ReserveOf<float>(parameters) &&
             gemm->row_sum_.ReserveOf<int32_t>(parameters);
  gemm->scratch_ = std::vector<Buffer>(gemm->sharing_ == Sharing::kNever ? 1 : threads);
  for (Buffer& scratch : gemm->scratch_) all = all && scratch.Reserve(ScratchBytes(RoundUp(shape.k, shape.block)));
  return all ? std::move(gemm) : nullptr;
}

void Gemm::Run(const PackedBlocks& b, const float* a, const float* bias, float* y, ThreadPool* pool) {
  const size_t m = shape_.m, n = shape_.n;
  if (m == 0 || n == 0) return;
  Product product = {};
  product.b = &b;
  product.a = a;
  product.m = m;
  product.n = n;
  product.k = shape_.k;
  product.bias = bias;
  product.y = y;
  product.rows = rows_.data();
  product.lda = lda_;
  product.row_scale = static_cast<float*>(row_scale_.data());
  product.row_sum = static_cast<int32_t*>(row_sum_.data());
  product.m_padded = m_padded_;
  const size_t row_blocks = m_padded_ / kRowBlock;
  const size_t pairs = b.panels / 2;
  // Each thread has its own columns where there are enough of them: its part of B stays in its own cache.
  const unsigned threads = ThreadsFor(sharing_, *pool);
  const bool by_columns = pairs >= 2 * threads || row_blocks < 2 * threads;
  const auto rows = [&](size_t part, size_t parts) { return std::min(m, row_blocks * part / parts * kRowBlock); };
  if (kernel_->prepare && by_columns) {
    const unsigned parts = row_blocks > 1 ? threads : 1;
    pool->Run(parts, [&](unsigned part, unsigned count) {
      const FloatEnvironment environment;
      kernel_->prepare(product, rows(part, count), rows(part + 1, count));
    });
  }
  const size_t row_bytes = std::max<size_t>(1, lda_ * (kernel_->form == Form::kFloats ? sizeof(float) : kWidths[static_cast<size_t>(kernel_->form)]));
  const size_t chunk = RoundUp(std::max<size_t>(256, kCachedRows / row_bytes), kRowBlock);
  pool->Run(threads, [&](unsigned part, unsigned count) {
    const FloatEnvironment environment;
    const size_t m0 = by_columns ? 0 : rows(part, count), m1 = by_columns ? m : rows(part + 1, count);
    const size_t p0 = by_columns ? pairs * part / count * 2 : 0, p1 = by_columns ? pairs * (part + 1) / count * 2 : b.panels;
    if (m0 == m1 || p0 == p1) return;
    if (kernel_->prepare && !by_columns) kernel_->prepare(product, m0, m1);
    for (size_t i = m0; i < m1; i += chunk)
      kernel_->kernel(product, i, std::min(m1, i + chunk), p0, p1, static_cast<uint8_t*>(scratch_[part].data()));
  });
}

}  // namespace halftone::blockgemm
