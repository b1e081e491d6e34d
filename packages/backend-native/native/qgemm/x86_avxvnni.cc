// AVX-VNNI: vpdpbusd on 256 bits. It wraps; its saturating sister is never used.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "qgemm.h"

#pragma GCC push_options
#pragma GCC target("avx2,avxvnni")

#include "x86_finish256.inc"

namespace halftone::qgemm {
namespace {

template <bool B_SIGNED>
inline __attribute__((always_inline)) __m256i Dot(__m256i acc, __m256i a, __m256i b) {
  return B_SIGNED ? _mm256_dpbusd_avx_epi32(acc, a, b) : _mm256_dpbusd_avx_epi32(acc, b, a);
}

template <bool B_SIGNED, int ROWS>
void Compute(const Product& product, size_t i, size_t n, size_t columns) {
  const uint8_t* panel = product.b->panel_bytes(n / kPanel);
  const uint8_t* a = static_cast<const uint8_t*>(product.a) + i * product.lda;
  __m256i acc[ROWS][2];
  for (int r = 0; r < ROWS; ++r) acc[r][0] = acc[r][1] = _mm256_setzero_si256();
  const auto step = [&](size_t depth, size_t bytes) __attribute__((always_inline)) {
    const __m256i b0 = _mm256_load_si256(reinterpret_cast<const __m256i*>(panel + depth * kPanel));
    const __m256i b1 = _mm256_load_si256(reinterpret_cast<const __m256i*>(panel + depth * kPanel + 32));
#pragma GCC unroll 6
    for (int r = 0; r < ROWS; ++r) {
      int32_t quad = 0;
      memcpy(&quad, a + r * product.lda + depth, bytes);
      const __m256i four = _mm256_set1_epi32(quad);
      acc[r][0] = Dot<B_SIGNED>(acc[r][0], four, b0);
      acc[r][1] = Dot<B_SIGNED>(acc[r][1], four, b1);
    }
  };
  size_t depth = 0;
  for (; depth + 4 <= product.k; depth += 4) step(depth, 4);
  if (depth < product.k) step(depth, product.k - depth);
  const Finisher finish{product};
  for (int r = 0; r < ROWS; ++r) {
    finish(i + r, n, columns, acc[r][0]);
    if (columns > 8) finish(i + r, n + 8, columns - 8, acc[r][1]);
  }
}

template <int ROWS>
struct SignedTile {
  static void Compute(const Product& product, size_t i, size_t n, size_t columns) {
    qgemm::Compute<true, ROWS>(product, i, n, columns);
  }
};

template <int ROWS>
struct UnsignedTile {
  static void Compute(const Product& product, size_t i, size_t n, size_t columns) {
    qgemm::Compute<false, ROWS>(product, i, n, columns);
  }
};

template <template <int> class TILE>
void Block(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1) {
  for (size_t n = n0; n < n1; n += kPanel) {
    const size_t columns = n1 - n < kPanel ? n1 - n : kPanel;
    size_t i = m0;
    for (; i + 6 <= m1; i += 6) TILE<6>::Compute(product, i, n, columns);
    if (i < m1) LastRows<TILE, 5>(m1 - i, product, i, n, columns);
  }
}

}  // namespace

void AvxVnni6x16(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t*) {
  product.b->b_signed ? Block<SignedTile>(product, m0, m1, n0, n1) : Block<UnsignedTile>(product, m0, m1, n0, n1);
}

}  // namespace halftone::qgemm

#pragma GCC pop_options

#endif
