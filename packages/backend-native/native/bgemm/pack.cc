#include "bgemm.h"

namespace halftone::bgemm {

bool Pack(PackedB* packed, const uint8_t* bits, size_t n, size_t k) {
  packed->n = n;
  packed->k = k;
  packed->words = RoundUp(k, qgemm::kDepthBlock) / kWordBits;
  size_t count;
  if (!CheckedMultiply(RoundUp(n, kColumnBlock), packed->words, &count)) return false;
  uint32_t* const data = packed->buffer.ReserveOf<uint32_t>(count);
  packed->data = data;
  if (!data) return false;
  const size_t bytes = RowBytes(k), whole = k / kWordBits;
  for (size_t first = 0; first < RoundUp(n, kColumnBlock); first += kPanel) {
    uint32_t* const panel = data + first * packed->words;
    if (n < first + kPanel) memset(panel, 0, packed->words * kPanel * sizeof *panel);
    for (size_t column = 0; column < kPanel && first + column < n; ++column) {
      const uint8_t* row = bits + (first + column) * bytes;
      uint32_t* to = panel + column;
      for (size_t word = 0; word < whole; ++word, to += kPanel) memcpy(to, row + word * sizeof *to, sizeof *to);
      for (size_t word = whole; word < packed->words; ++word, to += kPanel)
        *to = word == whole && k % kWordBits ? LastWord(row, k) : 0;
    }
  }
  return true;
}

}  // namespace halftone::bgemm
