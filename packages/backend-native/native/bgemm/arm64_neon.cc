// NEON: bits of bytes are counted in place (vcnt).
#if defined(__aarch64__)

#include <arm_neon.h>

#include "bytes.inc"

namespace halftone::bgemm {
namespace {

struct Unit {
  using Vector = uint32x4_t;
  static constexpr size_t kColumns = 4;
  static constexpr size_t kRows = 4;

  static HALFTONE_INLINE Vector Zero() { return vdupq_n_u32(0); }
  static HALFTONE_INLINE Vector Broadcast(uint32_t word) { return vdupq_n_u32(word); }
  static HALFTONE_INLINE Vector Load(const uint32_t* words) { return vld1q_u32(words); }
  static HALFTONE_INLINE Vector Add(Vector counts, Vector bits) {
    return vreinterpretq_u32_u8(vaddq_u8(vreinterpretq_u8_u32(counts), vcntq_u8(vreinterpretq_u8_u32(bits))));
  }
  static HALFTONE_INLINE Vector Wide(Vector counts) { return vpaddlq_u16(vpaddlq_u8(vreinterpretq_u8_u32(counts))); }
  static HALFTONE_INLINE Vector Plus(Vector a, Vector b) { return vaddq_u32(a, b); }
  static HALFTONE_INLINE void Store(uint32_t* words, Vector vector) { vst1q_u32(words, vector); }
};

}  // namespace

void Neon4x16(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t*) {
  RunBytes<Unit>(product, m0, m1, n0, n1);
}

}  // namespace halftone::bgemm

#endif
