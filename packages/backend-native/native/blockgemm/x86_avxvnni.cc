// AVX-VNNI: vpdpbusd on 256 bits. It wraps; its saturating sister is never used.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "blockgemm.h"

#pragma GCC push_options
#pragma GCC target("avx2,avxvnni")

#include "x86_codes256.inc"

namespace halftone::blockgemm {
namespace {

struct Unit {
  static constexpr bool kSplit = false;
  static constexpr size_t kMost = SIZE_MAX / 2;

  using Sums = __m256i;
  static HALFTONE_INLINE Sums Begin(__m256i dot) { return dot; }
  // Written out, since GCC copies the sums of the intrinsic at each step.
  static HALFTONE_INLINE void Add(Sums* sums, __m256i b, __m256i a) {
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(*sums) : "x"(b), "x"(a));
  }
  static HALFTONE_INLINE __m256i End(Sums sums) { return sums; }
};

}  // namespace

void CodesAvxVnni(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1, uint8_t*) {
  product.b->bits == 4 ? Panels256<Unit, 4>(product, m0, m1, p0, p1) : Panels256<Unit, 8>(product, m0, m1, p0, p1);
}

}  // namespace halftone::blockgemm

#pragma GCC pop_options

#endif
