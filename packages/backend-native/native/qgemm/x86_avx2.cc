// AVX2: pairs of int16 by vpmaddwd, which no pair of 8-bit codes can saturate.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "qgemm.h"

#pragma GCC push_options
#pragma GCC target("avx2")

#include "x86_finish256.inc"

namespace halftone::qgemm {
namespace {

template <int ROWS>
struct Tile {
static void Compute(const Product& product, size_t i, size_t n, size_t columns) {
  const int16_t* panel = product.b->panel_pairs(n / kPanel);
  const int16_t* a = static_cast<const int16_t*>(product.a) + i * product.lda;
  const size_t pairs = (product.k + 1) / 2;
  __m256i acc[ROWS][2];
  for (int r = 0; r < ROWS; ++r) acc[r][0] = acc[r][1] = _mm256_setzero_si256();
  for (size_t p = 0; p < pairs; ++p) {
    const __m256i b0 = _mm256_load_si256(reinterpret_cast<const __m256i*>(panel + p * 32));
    const __m256i b1 = _mm256_load_si256(reinterpret_cast<const __m256i*>(panel + p * 32 + 16));
#pragma GCC unroll 6
    for (int r = 0; r < ROWS; ++r) {
      int32_t pair;
      memcpy(&pair, a + r * product.lda + 2 * p, sizeof pair);
      const __m256i both = _mm256_set1_epi32(pair);
      acc[r][0] = _mm256_add_epi32(acc[r][0], _mm256_madd_epi16(both, b0));
      acc[r][1] = _mm256_add_epi32(acc[r][1], _mm256_madd_epi16(both, b1));
    }
  }
  const Finisher finish{product};
  for (int r = 0; r < ROWS; ++r) {
    finish(i + r, n, columns, acc[r][0]);
    if (columns > 8) finish(i + r, n + 8, columns - 8, acc[r][1]);
  }
}
};

}  // namespace

void Avx2_6x16(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t*) {
  for (size_t n = n0; n < n1; n += kPanel) {
    const size_t columns = n1 - n < kPanel ? n1 - n : kPanel;
    size_t i = m0;
    for (; i + 6 <= m1; i += 6) Tile<6>::Compute(product, i, n, columns);
    if (i < m1) LastRows<Tile, 5>(m1 - i, product, i, n, columns);
  }
}

}  // namespace halftone::qgemm

#pragma GCC pop_options

#endif
