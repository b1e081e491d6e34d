// NEON dot product: sdot on int8 weights, udot on uint8 ones; A is in the signedness of B.
#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

#include "epilogue.inc"

#pragma GCC push_options
#pragma GCC target("arch=armv8.2-a+dotprod")

namespace halftone::qgemm {
namespace {

template <bool B_SIGNED>
inline int32x4_t Dot(int32x4_t acc, uint8x16_t b, uint32_t quad) {
  const uint8x16_t a = vreinterpretq_u8_u32(vdupq_n_u32(quad));
  if constexpr (B_SIGNED)
    return vdotq_s32(acc, vreinterpretq_s8_u8(b), vreinterpretq_s8_u8(a));
  else
    return vreinterpretq_s32_u32(vdotq_u32(vreinterpretq_u32_s32(acc), b, a));
}

template <bool B_SIGNED, int ROWS>
void Tile(const Product& product, size_t i, size_t n, size_t columns) {
  const uint8_t* panel = product.b->panel_bytes(n / kPanel);
  const uint8_t* a = static_cast<const uint8_t*>(product.a) + i * product.lda;
  int32x4_t acc[ROWS][4];
  for (int r = 0; r < ROWS; ++r)
    for (int v = 0; v < 4; ++v) acc[r][v] = vdupq_n_s32(0);
  for (size_t depth = 0; depth < product.k; depth += 4) {
    // Nothing behind the last codes of a row is read.
    const size_t bytes = product.k - depth < 4 ? product.k - depth : 4;
    uint8x16_t b[4];
    for (int v = 0; v < 4; ++v) b[v] = vld1q_u8(panel + depth * kPanel + 16 * v);
    for (int r = 0; r < ROWS; ++r) {
      uint32_t quad = 0;
      memcpy(&quad, a + r * product.lda + depth, bytes);
      for (int v = 0; v < 4; ++v) acc[r][v] = Dot<B_SIGNED>(acc[r][v], b[v], quad);
    }
  }
  for (int r = 0; r < ROWS; ++r) {
    int32_t sums[kPanel];
    for (int v = 0; v < 4; ++v) vst1q_s32(sums + 4 * v, acc[r][v]);
    FinishRow(product, i + r, n, columns, sums);
  }
}

template <bool B_SIGNED>
void Block(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1) {
  for (size_t n = n0; n < n1; n += kPanel) {
    const size_t columns = n1 - n < kPanel ? n1 - n : kPanel;
    size_t i = m0;
    for (; i + 4 <= m1; i += 4) Tile<B_SIGNED, 4>(product, i, n, columns);
    for (; i < m1; ++i) Tile<B_SIGNED, 1>(product, i, n, columns);
  }
}

}  // namespace

void DotProd4x16(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t*) {
  product.b->b_signed ? Block<true>(product, m0, m1, n0, n1) : Block<false>(product, m0, m1, n0, n1);
}

}  // namespace halftone::qgemm

#pragma GCC pop_options

#endif
