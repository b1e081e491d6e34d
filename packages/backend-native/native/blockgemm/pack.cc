#include <string.h>

#include <algorithm>

#include "blockgemm.h"

namespace halftone::blockgemm {
namespace {

// Code `i` of a packed row, low bits first.
inline uint8_t PackedCode(const uint8_t* row, size_t i, size_t bits) {
  return bits == 8 ? row[i] : (row[i / 2] >> (i % 2 * 4)) & 15;
}

// Codes and zero points of one column or row at a time, unsigned.
struct Reader {
  const Weights& w;
  size_t blocks;

  // What makes a signed code unsigned, of 8 bits in both forms.
  uint8_t flip() const { return w.is_signed ? (w.bits == 4 ? 8 : 128) : 0; }
  uint8_t mask() const { return w.bits == 4 ? 15 : 255; }

  uint8_t Code(size_t k, size_t j) const {
    if (w.rows) return (w.codes[k * w.n + j] & mask()) ^ flip();
    return PackedCode(w.codes + j * (blocks * w.block * w.bits / 8), k, w.bits);
  }
  uint8_t Zero(size_t t, size_t j) const {
    if (w.rows) return (w.zero[t * w.n + j] & mask()) ^ flip();
    return PackedCode(w.zero + j * ((blocks * w.bits + 7) / 8), t, w.bits);
  }
  float Scale(size_t t, size_t j) const { return w.scale[w.rows ? t * w.n + j : j * blocks + t]; }
};

// The codes of a block of one column, into their places in the words of a panel.
template <size_t BITS>
void PackColumn(uint8_t* record, const Reader& reader, size_t first, size_t end, size_t j, size_t column) {
  constexpr size_t kCodes = 32 / BITS;
  const int* shifts = BITS == 4 ? kNibbleShift : kByteShift;
  for (size_t k = first; k < end; k += kCodes) {
    uint32_t word = 0;
    const size_t count = std::min(kCodes, end - k);
    for (size_t e = 0; e < count; ++e) word |= uint32_t{reader.Code(k + e, j)} << shifts[e];
    memcpy(record + (k - first) / kCodes * 64 + column * 4, &word, 4);
  }
}

}  // namespace

bool Pack(PackedBlocks* packed, const Weights& w) {
  packed->n = w.n;
  packed->k = w.k;
  packed->block = w.block;
  packed->bits = w.bits;
  packed->blocks = (w.k + w.block - 1) / w.block;
  packed->k_padded = packed->blocks * w.block;
  packed->panels = RoundUp(w.n, kPair) / kPanel;
  const Reader reader = {w, packed->blocks};
  size_t records, bytes, zeros;
  if (!CheckedMultiply(packed->panels, packed->blocks, &records) ||
      !CheckedMultiply(records, packed->record_bytes(), &bytes) || !CheckedMultiply(records, kPanel, &zeros))
    return false;
  packed->zero = w.n && packed->blocks ? reader.Zero(0, 0) : 0;
  packed->one_zero = true;
  for (size_t j = 0; j < w.n && packed->one_zero; ++j)
    for (size_t t = 0; t < packed->blocks; ++t) packed->one_zero &= reader.Zero(t, j) == packed->zero;
  uint8_t* data = static_cast<uint8_t*>(packed->records.Reserve(bytes));
  uint8_t* zero = static_cast<uint8_t*>(packed->zeros.Reserve(packed->one_zero ? 0 : zeros));
  if (!data || !zero) return false;
  memset(data, 0, bytes);
  if (!packed->one_zero) memset(zero, 0, zeros);
  for (size_t panel = 0; panel < packed->panels; ++panel) {
    const size_t columns = std::min(kPanel, w.n - std::min(w.n, panel * kPanel));
    for (size_t t = 0; t < packed->blocks; ++t) {
      uint8_t* record = data + (panel * packed->blocks + t) * packed->record_bytes();
      const size_t first = t * w.block, end = std::min(w.k, first + w.block);
      for (size_t column = 0; column < columns; ++column) {
        const size_t j = panel * kPanel + column;
        if (w.bits == 4)
          PackColumn<4>(record, reader, first, end, j, column);
        else
          PackColumn<8>(record, reader, first, end, j, column);
        const float scale = reader.Scale(t, j);
        memcpy(record + packed->code_bytes() + column * sizeof(float), &scale, sizeof(float));
        if (!packed->one_zero) zero[(panel * packed->blocks + t) * kPanel + column] = reader.Zero(t, j);
      }
    }
  }
  return true;
}

}  // namespace halftone::blockgemm
