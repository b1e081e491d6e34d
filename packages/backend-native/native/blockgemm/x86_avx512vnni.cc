// AVX512-VNNI: vpdpbusd on 512 bits, sixteen columns, up to ten rows of A whose codes are broadcast as they are loaded.
#if defined(__x86_64__)

#include <float.h>
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "blockgemm.h"

#pragma GCC push_options
#pragma GCC target("avx2,fma,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")

#include "rows.inc"
#include "x86_rows512.inc"
#include "floats.inc"

namespace halftone::blockgemm {
namespace {

constexpr size_t kRows = 10;
// So many bytes ahead of a single row weights are asked for.
constexpr size_t kAhead = 2048;

// acc += four products of bytes of b, unsigned, by those of a, broadcast. Written out, since GCC copies the sums of the intrinsic.
HALFTONE_INLINE void Dot(__m512i* acc, __m512i b, const int8_t* a) {
  __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(*acc) : "v"(b), "m"(*reinterpret_cast<const int32_t*>(a)));
}

template <size_t BITS, bool ONE_ZERO, size_t ROWS>
void Block512(const Product& product, size_t i, size_t panel) {
  const PackedBlocks& b = *product.b;
  constexpr size_t kCodes = 32 / BITS;
  const size_t vectors = b.block / kCodes;
  const __m512i low = _mm512_set1_epi8(15);
  const uint8_t* record = b.record(panel, 0);
  const int8_t* q = static_cast<const int8_t*>(product.rows) + i * product.lda;
  const int32_t* sums = product.row_sum + i;
  const float* sa = product.row_scale + i;
  __m512 y[ROWS];
  for (size_t r = 0; r < ROWS; ++r) y[r] = _mm512_setzero_ps();
  for (size_t t = 0; t < b.blocks; ++t) {
    __m512i dot[ROWS];
    if constexpr (ONE_ZERO) {
      for (size_t r = 0; r < ROWS; ++r) dot[r] = _mm512_set1_epi32(sums[r]);
    } else {
      const __m512i zero = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(b.zeros_at(panel, t))));
      for (size_t r = 0; r < ROWS; ++r) dot[r] = _mm512_madd_epi16(zero, _mm512_set1_epi32(sums[r]));
    }
    for (size_t v = 0; v < vectors; ++v) {
      const __m512i x = _mm512_load_si512(record + v * 64);
      if constexpr (ROWS <= 4) _mm_prefetch(reinterpret_cast<const char*>(record + v * 64 + kAhead), _MM_HINT_T0);
      if constexpr (BITS == 4) {
        const __m512i first = _mm512_and_si512(x, low);
        const __m512i second = _mm512_and_si512(_mm512_srli_epi16(x, 4), low);
        for (size_t r = 0; r < ROWS; ++r) Dot(&dot[r], first, q + r * product.lda + v * 8);
        for (size_t r = 0; r < ROWS; ++r) Dot(&dot[r], second, q + r * product.lda + v * 8 + 4);
      } else {
        for (size_t r = 0; r < ROWS; ++r) Dot(&dot[r], x, q + r * product.lda + v * 4);
      }
    }
    const __m512 scale = _mm512_load_ps(b.scales(record));
    for (size_t r = 0; r < ROWS; ++r)
      y[r] = _mm512_add_ps(y[r], _mm512_mul_ps(_mm512_cvtepi32_ps(dot[r]), _mm512_mul_ps(_mm512_set1_ps(sa[r]), scale)));
    record += b.record_bytes();
    q += b.block;
    sums += product.m_padded;
    sa += product.m_padded;
  }
  const size_t first = panel * kPanel;
  const __mmask16 mask = static_cast<__mmask16>(product.n - first < 16 ? (1u << (product.n - first)) - 1 : 0xffff);
  const __m512 bias = product.bias ? _mm512_maskz_loadu_ps(mask, product.bias + first) : _mm512_setzero_ps();
  for (size_t r = 0; r < ROWS; ++r)
    _mm512_mask_storeu_ps(product.y + (i + r) * product.n + first, mask, product.bias ? _mm512_add_ps(y[r], bias) : y[r]);
}

template <size_t BITS, bool ONE_ZERO, size_t ROWS>
struct Tail {
  static void Run(const Product& product, size_t i, size_t rows, size_t panel) {
    if (rows == ROWS)
      Block512<BITS, ONE_ZERO, ROWS>(product, i, panel);
    else
      Tail<BITS, ONE_ZERO, ROWS - 1>::Run(product, i, rows, panel);
  }
};

template <size_t BITS, bool ONE_ZERO>
struct Tail<BITS, ONE_ZERO, 0> {
  static void Run(const Product&, size_t, size_t, size_t) {}
};

template <size_t BITS, bool ONE_ZERO>
void Panels512(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1) {
  for (size_t panel = p0; panel < p1 && panel * kPanel < product.n; ++panel) {
    size_t i = m0;
    for (; i + kRows <= m1; i += kRows) Block512<BITS, ONE_ZERO, kRows>(product, i, panel);
    Tail<BITS, ONE_ZERO, kRows - 1>::Run(product, i, m1 - i, panel);
  }
}

struct Floats512 {
  static constexpr size_t kColumns = 16;
  static constexpr size_t kRows = 8;
  using Vector = __m512;
  using Words = __m512i;
  using Table = __m512;

  static HALFTONE_INLINE Vector Zero() { return _mm512_setzero_ps(); }
  static HALFTONE_INLINE Vector Splat(float x) { return _mm512_set1_ps(x); }
  static HALFTONE_INLINE Vector Load(const float* from) { return _mm512_loadu_ps(from); }
  static HALFTONE_INLINE void Store(float* to, Vector x) { _mm512_storeu_ps(to, x); }
  static HALFTONE_INLINE Vector Add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
  static HALFTONE_INLINE Vector Subtract(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
  static HALFTONE_INLINE Vector Multiply(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
  static HALFTONE_INLINE Vector MultiplyAdd(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
  static HALFTONE_INLINE void AddInDouble(double* sums, Vector x) {
    _mm512_store_pd(sums, _mm512_add_pd(_mm512_load_pd(sums), _mm512_cvtps_pd(_mm512_castps512_ps256(x))));
    _mm512_store_pd(sums + 8, _mm512_add_pd(_mm512_load_pd(sums + 8), _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1))));
  }
  static HALFTONE_INLINE Words LoadWords(const uint8_t* from) { return _mm512_load_si512(from); }
  static HALFTONE_INLINE Words Shift(Words x, int bits) { return _mm512_srli_epi32(x, static_cast<unsigned>(bits)); }
  static HALFTONE_INLINE Vector Bytes(const uint8_t* from) {
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
  }
  static HALFTONE_INLINE Table Nibbles(int zero) {
    return _mm512_sub_ps(_mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), _mm512_set1_ps(static_cast<float>(zero)));
  }
  // The permutation looks at the four low bits alone.
  static HALFTONE_INLINE Vector Nibble(Words x, Table table) { return _mm512_permutexvar_ps(x, table); }
  static HALFTONE_INLINE Vector Byte(Words x) { return _mm512_cvtepi32_ps(_mm512_and_si512(x, _mm512_set1_epi32(255))); }
};

}  // namespace

void PrepareCodesAvx512(const Product& product, size_t m0, size_t m1) { PrepareCodes<Quantize512>(product, m0, m1); }

void CodesAvx512(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1, uint8_t*) {
  const auto run = product.b->bits == 4 ? (product.b->one_zero ? Panels512<4, true> : Panels512<4, false>)
                                        : (product.b->one_zero ? Panels512<8, true> : Panels512<8, false>);
  run(product, m0, m1, p0, p1);
}

void FloatsAvx512(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1, uint8_t* scratch) {
  Floats<Floats512>(product, m0, m1, p0, p1, scratch);
}

}  // namespace halftone::blockgemm

#pragma GCC pop_options

#endif
