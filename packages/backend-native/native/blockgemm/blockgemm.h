// y[i, j] = sum over k of a[i, k] * w[k, j] + bias[j],   w[k, j] = (code[k, j] - zero[t, j]) * scale[t, j],   t = k / block
//
// int8-block, the same bits from every kernel (blocks ascending, no fused multiply-add):
//   r = 127 / absmax of the block of A, 0 where that is not finite;   sa = absmax / 127, NaN where absmax is not finite
//   q = roundHalfEven(a * r);   dot = sum q * code - zero * sum q, an integer below 2^24
//   y = y + dot * (sa * scale), from 0 on, each step rounded;   y = y + bias
// dequant-f32: |y - y64| <= 2^-20 * sum |a * w|. Chains of eight products and a few sums in float, pieces of 32 summed in double:
//   no term passes more than sixteen roundings. Tiles keep the bound in their own way (x86_amx_floats.cc).
// bf16: operands rounded to bfloat16, sums in float; |y - y64| <= 2^-7 * sum |a * w|.
// numerics 4.8, 4.13.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "../arch/cpu.h"
#include "../base/buffer.h"

namespace halftone::blockgemm {

enum class Computation : uint8_t { kInt8Block, kDequantF32, kBf16 };

// Weights are packed in panels of so many columns, two panels a pair.
constexpr size_t kPanel = 16;
constexpr size_t kPair = 2 * kPanel;
// Rows of A are laid out, and shared among threads, by so many.
constexpr size_t kRowBlock = 32;

// Vectors of 64 bytes hold sixteen columns, each a word of 32 bits. Of 4 bits a word has eight codes, of 8 bits four; code e of a
// word stands at these bits. Its bytes are the four operands of vpdpbusd, its halves the pairs of a row of a tile of bfloat16.
constexpr int kNibbleShift[8] = {0, 16, 4, 20, 8, 24, 12, 28};
constexpr int kByteShift[4] = {0, 16, 8, 24};
// The codes of A that meet the low, then the high nibbles; and those that meet bytes, twice.
constexpr uint8_t kNibbleOrder[8] = {0, 4, 1, 5, 2, 6, 3, 7};
constexpr uint8_t kByteOrder[8] = {0, 2, 1, 3, 4, 6, 5, 7};

struct PackedBlocks {
  size_t n, k, block, bits;
  size_t blocks, k_padded, panels;
  // Every zero point is this one; else they stand in zeros.
  bool one_zero;
  uint8_t zero;
  // [panel][block]: the vectors of codes, then sixteen scales. Codes are unsigned; padding is 0, its scales too.
  Buffer records;
  // [panel][block][16]
  Buffer zeros;

  size_t code_bytes() const { return block * bits / 8 * kPanel; }
  size_t record_bytes() const { return code_bytes() + kPanel * sizeof(float); }
  const uint8_t* record(size_t panel, size_t t) const {
    return static_cast<const uint8_t*>(records.data()) + (panel * blocks + t) * record_bytes();
  }
  const float* scales(const uint8_t* record) const { return reinterpret_cast<const float*>(record + code_bytes()); }
  const uint8_t* zeros_at(size_t panel, size_t t) const {
    return static_cast<const uint8_t*>(zeros.data()) + (panel * blocks + t) * kPanel;
  }
};

// Weights as they come: [n, blocks, block * bits / 8] with scales [n, blocks] and zero points [n, ceil(blocks * bits / 8)], packed
// (`rows` false), or [k, n] codes in bytes with both [blocks, n]. Signed codes and their zero points become unsigned together.
struct Weights {
  size_t n, k, block, bits;
  bool rows, is_signed;
  const uint8_t* codes;
  const float* scale;
  const uint8_t* zero;
};

// False where there is no memory.
bool Pack(PackedBlocks* packed, const Weights& weights);

// One product of prepared operands.
struct Product {
  const PackedBlocks* b;
  const float* a;  // [m][k]
  size_t m, n, k;
  const float* bias;  // null without
  float* y;           // [m][n]
  // A as the kernel wants it, `lda` elements a row: codes in the order that meets B's, or tiles of one bfloat16 or three.
  void* rows;
  size_t lda;
  // [block][m_padded]: scales of the blocks of A, and the sums of their codes, times -zero where B has one zero point and
  // times -1 otherwise. Of parts there is one number a row: not 0 where they may not do.
  float* row_scale;
  int32_t* row_sum;
  size_t m_padded;
};

// What a kernel wants of A.
// Parts are three halves of an element.
enum class Form : uint8_t { kFloats, kCodes, kHalves, kParts };

// Prepares rows [m0, m1) of A.
using Prepare = void (*)(const Product& product, size_t m0, size_t m1);
// Computes rows [m0, m1), m0 a multiple of kRowBlock, of panels [p0, p1), whole pairs. `scratch` is the thread's, aligned.
using Kernel = void (*)(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1, uint8_t* scratch);

struct KernelRow {
  const char* name;
  // The tier, and features beside it.
  uint32_t needs;
  Computation computation;
  Form form;
  Prepare prepare;
  Kernel kernel;
  // The least m and block for which it is the best of its tier.
  size_t least_m, least_block;
};

// Bytes of scratch that a thread needs: a pair of panels as bfloat16, 26 rows of a tile for sixteen at most, and the sums of
// kTileRows rows in double and of kRowBlock in float; or the sums of kRowsAtOnce in double and a block as floats.
constexpr size_t kTileRows = 256;
constexpr size_t kRowsAtOnce = 64;
constexpr size_t ScratchBytes(size_t k_padded) {
  const size_t tiles = RoundUp(k_padded, 32) * 26 / 16 * kPair * sizeof(uint16_t) + kTileRows * kPair * sizeof(double) +
                       kRowBlock * kPair * sizeof(float);
  const size_t floats = kRowsAtOnce * kPanel * sizeof(double) + 256 * kPanel * sizeof(float);
  return tiles > floats ? tiles : floats;
}

// The best kernel of these tiers, the last of kernels.inc that fits.
const KernelRow* Select(uint32_t tiers, Computation computation, size_t m, size_t block);

}  // namespace halftone::blockgemm
