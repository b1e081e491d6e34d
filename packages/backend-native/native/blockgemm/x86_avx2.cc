// AVX2: vpmaddubsw on nibbles, whose pair sums stay far from the ends of int16. Bytes are taken as two nibbles each.
#if defined(__x86_64__)

#include <float.h>
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "blockgemm.h"

#pragma GCC push_options
#pragma GCC target("avx2,fma")

#include "rows.inc"
#include "x86_codes256.inc"
#include "floats.inc"

namespace halftone::blockgemm {
namespace {

struct Unit {
  static constexpr bool kSplit = true;
  // Each vector adds two pairs of 15 * 127 at most to each of the sixteen bits: eight products of four vectors.
  static constexpr size_t kMost = 4;

  struct Sums {
    __m256i dot, once, sixteenfold;
  };
  static HALFTONE_INLINE Sums Begin(__m256i dot) { return {dot, _mm256_setzero_si256(), _mm256_setzero_si256()}; }
  static HALFTONE_INLINE void Add(Sums* sums, __m256i b, __m256i a) {
    sums->once = _mm256_add_epi16(sums->once, _mm256_maddubs_epi16(b, a));
  }
  static HALFTONE_INLINE void AddSixteenfold(Sums* sums, __m256i b, __m256i a) {
    sums->sixteenfold = _mm256_add_epi16(sums->sixteenfold, _mm256_maddubs_epi16(b, a));
  }
  static HALFTONE_INLINE __m256i End(const Sums& sums) {
    const __m256i once = _mm256_madd_epi16(sums.once, _mm256_set1_epi16(1));
    const __m256i sixteenfold = _mm256_madd_epi16(sums.sixteenfold, _mm256_set1_epi16(16));
    return _mm256_add_epi32(sums.dot, _mm256_add_epi32(once, sixteenfold));
  }
};

struct Floats256 {
  static constexpr size_t kColumns = 8;
  static constexpr size_t kRows = 6;
  using Vector = __m256;
  using Words = __m256i;
  // Nibbles need no table, but the zero point.
  using Table = __m256;

  static HALFTONE_INLINE Vector Zero() { return _mm256_setzero_ps(); }
  static HALFTONE_INLINE Vector Splat(float x) { return _mm256_set1_ps(x); }
  static HALFTONE_INLINE Vector Load(const float* from) { return _mm256_loadu_ps(from); }
  static HALFTONE_INLINE void Store(float* to, Vector x) { _mm256_storeu_ps(to, x); }
  static HALFTONE_INLINE Vector Add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  static HALFTONE_INLINE Vector Subtract(Vector a, Vector b) { return _mm256_sub_ps(a, b); }
  static HALFTONE_INLINE Vector Multiply(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
  static HALFTONE_INLINE Vector MultiplyAdd(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
  static HALFTONE_INLINE void AddInDouble(double* sums, Vector x) {
    _mm256_store_pd(sums, _mm256_add_pd(_mm256_load_pd(sums), _mm256_cvtps_pd(_mm256_castps256_ps128(x))));
    _mm256_store_pd(sums + 4, _mm256_add_pd(_mm256_load_pd(sums + 4), _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1))));
  }
  static HALFTONE_INLINE Words LoadWords(const uint8_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }
  static HALFTONE_INLINE Words Shift(Words x, int bits) { return _mm256_srli_epi32(x, bits); }
  static HALFTONE_INLINE Vector Bytes(const uint8_t* from) {
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
  }
  static HALFTONE_INLINE Table Nibbles(int zero) { return _mm256_set1_ps(static_cast<float>(zero)); }
  static HALFTONE_INLINE Vector Nibble(Words x, Table zero) {
    return _mm256_sub_ps(_mm256_cvtepi32_ps(_mm256_and_si256(x, _mm256_set1_epi32(15))), zero);
  }
  static HALFTONE_INLINE Vector Byte(Words x) { return _mm256_cvtepi32_ps(_mm256_and_si256(x, _mm256_set1_epi32(255))); }
};

}  // namespace

void PrepareCodesAvx2(const Product& product, size_t m0, size_t m1) { PrepareCodes<Quantize>(product, m0, m1); }

void CodesAvx2(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1, uint8_t*) {
  product.b->bits == 4 ? Panels256<Unit, 4>(product, m0, m1, p0, p1) : Panels256<Unit, 8>(product, m0, m1, p0, p1);
}

void FloatsAvx2(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1, uint8_t* scratch) {
  Floats<Floats256>(product, m0, m1, p0, p1, scratch);
}

}  // namespace halftone::blockgemm

#pragma GCC pop_options

#endif
