#include <float.h>
#include <math.h>
#include <string.h>

#include <algorithm>

#include "blockgemm.h"
#include "rows.inc"

namespace halftone::blockgemm {
namespace {

// The place of code `e` of a column in the bits of its words.
inline uint32_t CodeAt(const PackedBlocks& b, const uint8_t* record, size_t e, size_t column) {
  const size_t codes = 32 / b.bits;
  uint32_t word;
  memcpy(&word, record + e / codes * 64 + column * 4, sizeof word);
  return b.bits == 4 ? word >> kNibbleShift[e % 8] & 15 : word >> kByteShift[e % 4] & 255;
}

// Code less zero point of a block's columns, in the order of k.
inline void Centre(const PackedBlocks& b, size_t panel, size_t t, int32_t (*centred)[kPanel]) {
  const uint8_t* record = b.record(panel, t);
  for (size_t e = 0; e < b.block; ++e)
    for (size_t column = 0; column < kPanel; ++column)
      centred[e][column] = static_cast<int32_t>(CodeAt(b, record, e, column)) - (b.one_zero ? b.zero : b.zeros_at(panel, t)[column]);
}

}  // namespace

void PrepareCodesScalar(const Product& product, size_t m0, size_t m1) { PrepareCodes<Quantize>(product, m0, m1); }

void CodesScalar(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1, uint8_t*) {
  const PackedBlocks& b = *product.b;
  const uint8_t* order = b.bits == 4 ? kNibbleOrder : kByteOrder;
  int32_t centred[256][kPanel];
  for (size_t panel = p0; panel < p1; ++panel) {
    const size_t first = panel * kPanel;
    const size_t columns = std::min(kPanel, product.n - std::min(product.n, first));
    for (size_t i = m0; i < m1; ++i) std::fill_n(product.y + i * product.n + first, columns, 0.0f);
    for (size_t t = 0; t < b.blocks; ++t) {
      Centre(b, panel, t, centred);
      const float* scales = b.scales(b.record(panel, t));
      for (size_t i = m0; i < m1; ++i) {
        const int8_t* q = static_cast<const int8_t*>(product.rows) + i * product.lda + t * b.block;
        int32_t dots[kPanel] = {};
        for (size_t e = 0; e < b.block; ++e)
          for (size_t column = 0; column < kPanel; ++column) dots[column] += q[e] * centred[e - e % 8 + order[e % 8]][column];
        const float sa = product.row_scale[t * product.m_padded + i];
        float* y = product.y + i * product.n + first;
        for (size_t column = 0; column < columns; ++column) y[column] = y[column] + static_cast<float>(dots[column]) * (sa * scales[column]);
      }
    }
    if (product.bias)
      for (size_t i = m0; i < m1; ++i)
        for (size_t column = 0; column < columns; ++column) product.y[i * product.n + first + column] += product.bias[first + column];
  }
}

void FloatsScalar(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1, uint8_t* scratch) {
  const PackedBlocks& b = *product.b;
  double(*sums)[kPanel] = reinterpret_cast<double(*)[kPanel]>(scratch);
  int32_t centred[256][kPanel];
  for (size_t panel = p0; panel < p1; ++panel) {
    const size_t first = panel * kPanel;
    const size_t columns = std::min(kPanel, product.n - std::min(product.n, first));
    for (size_t i = m0; i < m1; i += kRowsAtOnce) {
      const size_t rows = std::min(kRowsAtOnce, m1 - i);
      for (size_t r = 0; r < rows; ++r)
        for (size_t column = 0; column < kPanel; ++column) sums[r][column] = product.bias && column < columns ? product.bias[first + column] : 0;
      for (size_t t = 0; t < b.blocks; ++t) {
        Centre(b, panel, t, centred);
        const float* scales = b.scales(b.record(panel, t));
        const size_t count = std::min(b.block, b.k - t * b.block);
        for (size_t r = 0; r < rows; ++r) {
          const float* a = product.a + (i + r) * product.k + t * b.block;
          for (size_t e = 0; e < count; ++e)
            for (size_t column = 0; column < kPanel; ++column)
              sums[r][column] += static_cast<double>(a[e]) * (static_cast<float>(centred[e][column]) * scales[column]);
        }
      }
      for (size_t r = 0; r < rows; ++r)
        for (size_t column = 0; column < columns; ++column)
          product.y[(i + r) * product.n + first + column] = static_cast<float>(sums[r][column]);
    }
  }
}

}  // namespace halftone::blockgemm
