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
#define HALFTONE_ROWS 4
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

}  // namespace

void PrepareCodesAvx2(const Product& product, size_t m0, size_t m1) { PrepareCodes(product, m0, m1); }

void CodesAvx2(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1, uint8_t*) {
  product.b->bits == 4 ? Panels256<Unit, 4>(product, m0, m1, p0, p1) : Panels256<Unit, 8>(product, m0, m1, p0, p1);
}

void FloatsAvx2(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1, uint8_t* scratch) {
  Floats(product, m0, m1, p0, p1, scratch);
}

}  // namespace halftone::blockgemm

#pragma GCC pop_options

#endif
