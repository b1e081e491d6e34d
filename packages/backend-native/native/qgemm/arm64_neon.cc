// NEON: pairs of int16 by widening multiply-accumulate, four rows by sixteen columns.
#if defined(__aarch64__)

#include <arm_neon.h>

#include "epilogue.inc"

namespace halftone::qgemm {
namespace {

template <int ROWS>
void Tile(const Product& product, size_t i, size_t n, size_t columns) {
  const int16_t* panel = product.b->panel_pairs(n / kPanel);
  const int16_t* a = static_cast<const int16_t*>(product.a) + i * product.lda;
  const size_t pairs = (product.k + 1) / 2;
  int32x4_t acc[ROWS][4];
  for (int r = 0; r < ROWS; ++r)
    for (int v = 0; v < 4; ++v) acc[r][v] = vdupq_n_s32(0);
  for (size_t p = 0; p < pairs; ++p) {
    // The first and the second code of each of eight columns.
    const int16x8x2_t left = vld2q_s16(panel + p * 2 * kPanel);
    const int16x8x2_t right = vld2q_s16(panel + p * 2 * kPanel + kPanel);
    for (int r = 0; r < ROWS; ++r) {
      for (int half = 0; half < 2; ++half) {
        const int16_t code = a[r * product.lda + 2 * p + half];
        acc[r][0] = vmlal_n_s16(acc[r][0], vget_low_s16(left.val[half]), code);
        acc[r][1] = vmlal_n_s16(acc[r][1], vget_high_s16(left.val[half]), code);
        acc[r][2] = vmlal_n_s16(acc[r][2], vget_low_s16(right.val[half]), code);
        acc[r][3] = vmlal_n_s16(acc[r][3], vget_high_s16(right.val[half]), code);
      }
    }
  }
  for (int r = 0; r < ROWS; ++r) {
    int32_t sums[kPanel];
    for (int v = 0; v < 4; ++v) vst1q_s32(sums + 4 * v, acc[r][v]);
    FinishRow(product, i + r, n, columns, sums);
  }
}

}  // namespace

void Neon4x16(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t*) {
  for (size_t n = n0; n < n1; n += kPanel) {
    const size_t columns = n1 - n < kPanel ? n1 - n : kPanel;
    size_t i = m0;
    for (; i + 4 <= m1; i += 4) Tile<4>(product, i, n, columns);
    for (; i < m1; ++i) Tile<1>(product, i, n, columns);
  }
}

}  // namespace halftone::qgemm

#endif
