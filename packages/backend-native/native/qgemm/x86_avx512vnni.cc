// AVX512-VNNI: vpdpbusd on 512 bits, six rows by four vectors of columns: 24 sums in registers, ten loads for 24 products.
#if defined(__x86_64__)

#include <immintrin.h>

#include "qgemm.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")

#include "x86_finish512.inc"
#include "x86_tile.inc"

namespace halftone::qgemm {
namespace {

template <class FINISH, bool B_SIGNED>
struct Unit {
  using Vector = __m512i;
  static constexpr int kColumns = 16;
  static constexpr size_t kCodeBytes = 1;

  static HALFTONE_INLINE Vector Zero() { return _mm512_setzero_si512(); }
  static HALFTONE_INLINE Vector Load(const uint8_t* bytes) { return _mm512_load_si512(bytes); }
  static HALFTONE_INLINE Vector Broadcast(int32_t four) { return _mm512_set1_epi32(four); }

  // Written out, since GCC copies the sums of the intrinsic at each step.
  static HALFTONE_INLINE Vector Dot(Vector acc, Vector a, Vector b) {
    if constexpr (B_SIGNED)
      __asm__("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(a), "v"(b));
    else
      __asm__("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(b), "v"(a));
    return acc;
  }

  static HALFTONE_INLINE void Finish(const Product& product, size_t i, size_t j, size_t columns, Vector acc) {
    FINISH::Do(product, i, j, ColumnMask(columns), acc);
  }
};

template <class FINISH>
struct Block {
  template <class UNIT>
  static void RunAs(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1) {
    for (size_t n = n0; n < n1; n += kColumnBlock) {
      const size_t columns = n1 - n < kColumnBlock ? n1 - n : kColumnBlock;
      if (columns > 32)
        Columns<UNIT, 4>(product, m0, m1, n, columns);
      else if (columns > 16)
        Columns<UNIT, 2>(product, m0, m1, n, columns);
      else
        Columns<UNIT, 1>(product, m0, m1, n, columns);
    }
  }

  static void Run(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t*) {
    product.b->b_signed ? RunAs<Unit<FINISH, true>>(product, m0, m1, n0, n1)
                        : RunAs<Unit<FINISH, false>>(product, m0, m1, n0, n1);
  }
};

}  // namespace

void Avx512Vnni6x64(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t*) {
  WithFinish<Block>(product, m0, m1, n0, n1, nullptr);
}

}  // namespace halftone::qgemm

#pragma GCC pop_options

#endif
