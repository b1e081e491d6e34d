// AVX2: pairs of int16 by vpmaddwd, which no pair of 8-bit codes can saturate.
#if defined(__x86_64__)

#include <immintrin.h>

#include "qgemm.h"

#pragma GCC push_options
#pragma GCC target("avx2")

#include "x86_finish256.inc"

namespace halftone::qgemm {
namespace {

struct Unit : Unit256 {
  static constexpr size_t kCodeBytes = 2;

  // Written out, since GCC spreads the steps until sums leave their registers.
  static HALFTONE_INLINE Vector Dot(Vector acc, Vector a, Vector b) {
    Vector products;
    __asm__(
        "vpmaddwd %3, %2, %1\n\t"
        "vpaddd %1, %0, %0"
        : "+x"(acc), "=&x"(products)
        : "x"(a), "x"(b));
    return acc;
  }
};

}  // namespace

void Avx2_6x16(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t*) {
  Panels<Unit>(product, m0, m1, n0, n1);
}

}  // namespace halftone::qgemm

#pragma GCC pop_options

#endif
