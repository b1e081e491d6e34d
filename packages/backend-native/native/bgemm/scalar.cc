// Plain C++ over vectors of the compiler: correct on any CPU, and what every other kernel is compared with.
#include "bytes.inc"

namespace halftone::bgemm {
namespace {

struct Unit {
  typedef uint32_t Vector __attribute__((vector_size(16)));
  static constexpr size_t kColumns = 4;
  static constexpr size_t kRows = 2;

  static HALFTONE_INLINE Vector Zero() { return Vector{}; }
  static HALFTONE_INLINE Vector Broadcast(uint32_t word) { return Vector{word, word, word, word}; }
  static HALFTONE_INLINE Vector Load(const uint32_t* words) {
    Vector vector;
    memcpy(&vector, words, sizeof vector);
    return vector;
  }

  // Neighbouring bits are added, then pairs, then fours.
  static HALFTONE_INLINE Vector Add(Vector counts, Vector bits) {
    bits -= bits >> 1 & 0x55555555;
    bits = (bits & 0x33333333) + (bits >> 2 & 0x33333333);
    return counts + ((bits + (bits >> 4)) & 0x0f0f0f0f);
  }

  static HALFTONE_INLINE Vector Wide(Vector counts) {
    const Vector pairs = (counts & 0x00ff00ff) + (counts >> 8 & 0x00ff00ff);
    return (pairs & 0xffff) + (pairs >> 16);
  }

  static HALFTONE_INLINE Vector Plus(Vector a, Vector b) { return a + b; }
  static HALFTONE_INLINE void Store(uint32_t* words, Vector vector) { memcpy(words, &vector, sizeof vector); }
};

}  // namespace

void Scalar2x16(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t*) {
  RunBytes<Unit>(product, m0, m1, n0, n1);
}

}  // namespace halftone::bgemm
