// acc[i, j] = sum over k of (a[i, k] - aZero) * (b[k, j] - bZero[j])   modulo 2^32, then a way out of the accumulator.
//
// Kernels multiply raw codes. With f = 128 where the codes of A were moved to the signedness of B's kernel (a' = a ^ 0x80),
//   acc = sum a' b + column[j] - bZero[j] * row[i]
//   column[j] = (f' - aZero) * colsum[j] + K * aZero * bZero[j] + bias[j],   row[i] = sum over k of a[i, k]
// where a = a' + f', f' = 128 for uint8 codes held as int8, -128 for int8 codes held as uint8, 0 for neither.
// Unsigned arithmetic wraps, as |0, MatMulInteger and VPDPBUSD do. numerics 4.5, 4.13.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "../arch/cpu.h"
#include "../base/buffer.h"

namespace halftone::qgemm {

// How kernels want B, and with it A.
enum class Layout : uint8_t {
  // [n / 16][k / 4][16 columns][4 codes]: bytes; sixteen such rows are a tile of AMX. A: bytes of B's partner signedness.
  kQuads,
  // [n / 16][k / 2][16 columns][2 codes]: int16. A: int16.
  kPairs,
};

// Columns are padded to blocks of so many, and K so that tiles are whole; padding is 0.
constexpr size_t kColumnBlock = 64;
constexpr size_t kPanel = 16;
constexpr size_t kDepthBlock = 64;

struct PackedB {
  Layout layout;
  bool b_signed;
  size_t n, k, n_padded, k_padded;
  Buffer codes;
  // Sum of each column's codes.
  Buffer sums;

  const uint8_t* panel_bytes(size_t panel) const {
    return static_cast<const uint8_t*>(data) + panel * k_padded * kPanel;
  }
  const int16_t* panel_pairs(size_t panel) const {
    return static_cast<const int16_t*>(data) + panel * k_padded * kPanel;
  }
  const void* data = nullptr;
  const int32_t* column_sums = nullptr;
};

// Packs codes of shape [k, n], or [n, k] where `transposed`. False where there is no memory.
bool Pack(PackedB* packed, Layout layout, const uint8_t* codes, bool b_signed, size_t n, size_t k, bool transposed);

enum class Output : uint8_t { kInt32, kUint8, kInt8, kFloat32 };

// What becomes of sums. Arrays over columns are padded like B.
struct Epilogue {
  Output output;
  const int32_t* column;
  // Sums of the rows of A and the zero points that they are multiplied with; these are null where B has one zero point,
  // which has been multiplied already, and both are where it is 0.
  const int32_t* row;
  const int32_t* b_zero;
  const float* multiplier;
  // float32 output alone; null without.
  const float* float_bias;
  // Codes: t = clamp(fround(fround(acc) * m), lo, hi); y = roundHalfEven(t) + zero.
  float lo, hi;
  int32_t zero;
  // Sums go past the caches: all blocks of columns are whole, at aligned places.
  bool stream;
};

// Rows of A that lie in an image: sixteen neighbours each at one distance, their codes in runs of whole depth blocks.
struct Patches {
  // Bytes from the image to the first of each sixteen rows, with one more behind the last.
  const size_t* rows;
  size_t row_stride;
  // Bytes from a row to each of its depth blocks.
  const uint32_t* blocks;
  // The row of y that each row becomes; -1 for none.
  const int32_t* places;
};

// Writes codes [depth, depth + count) of a row of A that is kept in another form.
using DecodeRow = void (*)(const uint8_t* row, size_t depth, size_t count, uint8_t* to);

// One product of prepared operands.
struct Product {
  const void* a;  // [m][lda], bytes or int16 as the layout says; the image of patches
  size_t lda;
  // Null where A holds the codes themselves; AMX alone decodes.
  DecodeRow decode;
  // Null where A is a matrix.
  const Patches* patches;
  bool a_signed;
  const PackedB* b;
  size_t m, n, k;
  void* y;  // [m][ldy]
  size_t ldy;
  Epilogue epilogue;
};

// Rows of A that a block works on: a chunk of so many codes of each stays in the first cache while B passes by.
constexpr size_t kRowBlock = 32;
constexpr size_t kDepthChunk = 1024;

// Columns that a kernel is called with at most: so much of B stays in the second cache while the rows of A pass by.
constexpr size_t MostColumns(size_t k_padded) {
  constexpr size_t kCached = size_t{1} << 20;
  const size_t blocks = kCached / (kColumnBlock * (k_padded > 0 ? k_padded : 1));
  return kColumnBlock * (blocks > 0 ? blocks : 1);
}

// Bytes of scratch that one thread needs: a chunk of rows, and their sums where there is more than one chunk.
constexpr size_t ScratchBytes(size_t k_padded) {
  const bool chunks = k_padded > kDepthChunk;
  const size_t row = (chunks ? kDepthChunk : k_padded) + 64;
  return kRowBlock * (row + (chunks ? sizeof(int32_t) * MostColumns(k_padded) : 0));
}

// Computes rows [m0, m1) of columns [n0, n1), no more than MostColumns; n0 is a multiple of kColumnBlock. `scratch` is the thread's, aligned.
using Kernel = void (*)(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t* scratch);

struct KernelRow {
  // Signednesses are filled in: `qgemm_%s_32x32_amx`.
  const char* name;
  Tier tier;
  Layout layout;
  Kernel kernel;
  // The least m and k for which it is the best of its tier.
  size_t least_m, least_k;
};

// The best kernel of these tiers with this layout, for a shape; the last of kernels.inc that fits.
const KernelRow* Select(uint32_t tiers, Layout layout, size_t m, size_t k);

// The layout in which the best kernels of these tiers want B.
Layout LayoutFor(uint32_t tiers);

// The signedness that a tier's kernels of quads want of A, given that of B: vpdpbusd takes one of each, sdot and udot two
// alike. AMX takes all four pairs as they are.
inline bool PartnerSigned(Tier tier, bool b_signed) { return tier == kDotProd ? b_signed : !b_signed; }

// All rows of kernels.inc, for tests.
const KernelRow* AllKernels(size_t* count);

}  // namespace halftone::qgemm
