// AVX512-VNNI: vpdpbusd on 512 bits, six rows by four vectors of columns: 24 sums in registers, ten loads for 24 products.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "qgemm.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")

#include "x86_finish512.inc"

namespace halftone::qgemm {
namespace {

template <bool B_SIGNED>
inline __attribute__((always_inline)) __m512i Dot(__m512i acc, __m512i a, __m512i b) {
  return B_SIGNED ? _mm512_dpbusd_epi32(acc, a, b) : _mm512_dpbusd_epi32(acc, b, a);
}

template <class FINISH, bool B_SIGNED, int ROWS, int VECTORS>
inline __attribute__((always_inline)) void Tile(const Product& product, size_t i, size_t n, size_t columns) {
  const uint8_t* a = static_cast<const uint8_t*>(product.a) + i * product.lda;
  const uint8_t* panel[VECTORS];
  for (int v = 0; v < VECTORS; ++v) panel[v] = product.b->panel_bytes(n / kPanel + v);
  __m512i acc[ROWS][VECTORS];
  for (int r = 0; r < ROWS; ++r)
    for (int v = 0; v < VECTORS; ++v) acc[r][v] = _mm512_setzero_si512();
  const auto step = [&](size_t depth, size_t bytes) __attribute__((always_inline)) {
    __m512i b[VECTORS];
    for (int v = 0; v < VECTORS; ++v) b[v] = _mm512_load_si512(panel[v] + depth * kPanel);
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; ++r) {
      int32_t quad = 0;
      memcpy(&quad, a + r * product.lda + depth, bytes);
      const __m512i four = _mm512_set1_epi32(quad);
#pragma GCC unroll 4
      for (int v = 0; v < VECTORS; ++v) acc[r][v] = Dot<B_SIGNED>(acc[r][v], four, b[v]);
    }
  };
  size_t depth = 0;
  for (; depth + 4 <= product.k; depth += 4) step(depth, 4);
  // The last codes of a row: nothing behind them is read.
  if (depth < product.k) step(depth, product.k - depth);
  for (int r = 0; r < ROWS; ++r)
    for (int v = 0; v < VECTORS; ++v)
      FINISH::Do(product, i + r, n + 16 * v, ColumnMask(columns > size_t(16 * v) ? columns - 16 * v : 0), acc[r][v]);
}

template <class FINISH, bool B_SIGNED, int VECTORS, int ROWS>
inline void LastRows(size_t rows, const Product& product, size_t i, size_t n, size_t columns) {
  if (rows == ROWS)
    Tile<FINISH, B_SIGNED, ROWS, VECTORS>(product, i, n, columns);
  else if constexpr (ROWS > 1)
    LastRows<FINISH, B_SIGNED, VECTORS, ROWS - 1>(rows, product, i, n, columns);
}

template <class FINISH, bool B_SIGNED, int VECTORS>
void Columns(const Product& product, size_t m0, size_t m1, size_t n, size_t columns) {
  size_t i = m0;
  for (; i + 6 <= m1; i += 6) Tile<FINISH, B_SIGNED, 6, VECTORS>(product, i, n, columns);
  if (i < m1) LastRows<FINISH, B_SIGNED, VECTORS, 5>(m1 - i, product, i, n, columns);
}

template <class FINISH>
struct Block {
  template <bool B_SIGNED>
  static void RunAs(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1) {
    for (size_t n = n0; n < n1; n += kColumnBlock) {
      const size_t columns = n1 - n < kColumnBlock ? n1 - n : kColumnBlock;
      if (columns > 32)
        Columns<FINISH, B_SIGNED, 4>(product, m0, m1, n, columns);
      else if (columns > 16)
        Columns<FINISH, B_SIGNED, 2>(product, m0, m1, n, columns);
      else
        Columns<FINISH, B_SIGNED, 1>(product, m0, m1, n, columns);
    }
  }

  static void Run(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t*) {
    product.b->b_signed ? RunAs<true>(product, m0, m1, n0, n1) : RunAs<false>(product, m0, m1, n0, n1);
  }
};

}  // namespace

void Avx512Vnni6x64(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t*) {
  WithFinish<Block>(product, m0, m1, n0, n1, nullptr);
}

}  // namespace halftone::qgemm

#pragma GCC pop_options

#endif
