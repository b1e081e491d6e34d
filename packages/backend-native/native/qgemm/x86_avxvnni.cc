// AVX-VNNI: vpdpbusd on 256 bits. It wraps; its saturating sister is never used.
#if defined(__x86_64__)

#include <immintrin.h>

#include "qgemm.h"

#pragma GCC push_options
#pragma GCC target("avx2,avxvnni")

#include "x86_finish256.inc"

namespace halftone::qgemm {
namespace {

template <bool B_SIGNED>
struct Unit : Unit256 {
  static constexpr size_t kCodeBytes = 1;

  // Written out, since GCC copies the sums of the intrinsic at each step.
  static HALFTONE_INLINE Vector Dot(Vector acc, Vector a, Vector b) {
    if constexpr (B_SIGNED)
      __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(acc) : "x"(a), "x"(b));
    else
      __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(acc) : "x"(b), "x"(a));
    return acc;
  }
};

}  // namespace

void AvxVnni6x16(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t*) {
  product.b->b_signed ? Panels<Unit<true>>(product, m0, m1, n0, n1) : Panels<Unit<false>>(product, m0, m1, n0, n1);
}

}  // namespace halftone::qgemm

#pragma GCC pop_options

#endif
