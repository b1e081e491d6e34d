// AVX2: bits of a byte from a table of the sixteen nibbles (vpshufb).
#if defined(__x86_64__)

#include <immintrin.h>

#include "bgemm.h"

#pragma GCC push_options
#pragma GCC target("avx2")

#include "bytes.inc"

namespace halftone::bgemm {
namespace {

struct Unit {
  using Vector = __m256i;
  static constexpr size_t kColumns = 8;
  static constexpr size_t kRows = 4;

  static HALFTONE_INLINE Vector Zero() { return _mm256_setzero_si256(); }
  static HALFTONE_INLINE Vector Broadcast(uint32_t word) { return _mm256_set1_epi32(static_cast<int32_t>(word)); }
  static HALFTONE_INLINE Vector Load(const uint32_t* words) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(words));
  }

  static HALFTONE_INLINE Vector Add(Vector counts, Vector bits) {
    const Vector table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3,
                                          2, 3, 3, 4);
    const Vector low = _mm256_set1_epi8(15);
    const Vector ofLow = _mm256_shuffle_epi8(table, _mm256_and_si256(bits, low));
    const Vector ofHigh = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(bits, 4), low));
    return _mm256_add_epi8(_mm256_add_epi8(counts, ofLow), ofHigh);
  }

  // Pairs of bytes, then pairs of these; the bytes are unsigned, the factors 1.
  static HALFTONE_INLINE Vector Wide(Vector counts) {
    return _mm256_madd_epi16(_mm256_maddubs_epi16(counts, _mm256_set1_epi8(1)), _mm256_set1_epi16(1));
  }

  static HALFTONE_INLINE Vector Plus(Vector a, Vector b) { return _mm256_add_epi32(a, b); }
  static HALFTONE_INLINE void Store(uint32_t* words, Vector vector) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(words), vector);
  }
};

}  // namespace

void Avx2_4x16(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t*) {
  RunBytes<Unit>(product, m0, m1, n0, n1);
}

}  // namespace halftone::bgemm

#pragma GCC pop_options

#endif
