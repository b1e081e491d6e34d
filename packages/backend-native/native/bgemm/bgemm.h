// y[i, j] = k - 2 * popcount(a[i] xor b[j]): products of rows of signs, a bit each, 1 for -1, low bits first.
//
// Rows of A are whole bytes as they come; what their last byte has behind k does not count. B is packed once, in one form for
// all kernels. numerics 4.13.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../arch/cpu.h"
#include "../base/buffer.h"
#include "../qgemm/qgemm.h"

namespace halftone::bgemm {

constexpr size_t kWordBits = 32;
// Columns side by side: a vector of 512 bits has a word of each.
constexpr size_t kPanel = qgemm::kPanel;
constexpr size_t kColumnBlock = qgemm::kColumnBlock;

// [n / 16][words][16 columns]; columns are padded to whole blocks, words to whole steps of AMX. Padding is 0.
struct PackedB {
  size_t n, k, words;
  Buffer buffer;
  const uint32_t* data = nullptr;

  const uint32_t* panel(size_t panel) const { return data + panel * words * kPanel; }
};

constexpr size_t RowBytes(size_t k) { return k / 8 + (k % 8 != 0); }

// Packs rows of bits [n, RowBytes(k)]. False where there is no memory.
bool Pack(PackedB* packed, const uint8_t* bits, size_t n, size_t k);

struct Product {
  const uint8_t* a;  // [m][RowBytes(k)]
  const PackedB* b;
  size_t m, n, k;
  int32_t* y;  // [m][n]
};

// The last signs of a row, fewer than a word has. Nothing behind the row is read.
inline uint32_t LastWord(const uint8_t* row, size_t k) {
  const size_t whole = k / kWordBits;
  uint32_t word = 0;
  memcpy(&word, row + whole * sizeof word, RowBytes(k) - whole * sizeof word);
  return word & ((uint32_t{1} << k % kWordBits) - 1);
}

// Computes rows [m0, m1) of columns [n0, n1), no more than MostColumns; n0 is a multiple of kColumnBlock. `scratch` is the thread's, aligned.
using Kernel = void (*)(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t* scratch);

// Columns that a kernel is called with at most: so many stay in the second cache as bytes, where a kernel makes bytes of them.
inline size_t MostColumns(const PackedB& b) { return qgemm::MostColumns(b.words * kWordBits); }

struct KernelRow {
  const char* name;
  // Tiers and features that it needs, all of them.
  uint32_t needs;
  Kernel kernel;
  // Bytes of scratch that one thread needs, for rows of k signs.
  size_t (*scratch)(size_t k);
  // The shapes for which it is the best of its tier.
  size_t least_m, least_k, most_k;
};

// The best kernel of these tiers for a shape; the last of kernels.inc that fits.
const KernelRow* Select(uint32_t tiers, size_t m, size_t k);

}  // namespace halftone::bgemm
