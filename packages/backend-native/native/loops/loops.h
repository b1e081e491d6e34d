// Ops that pass over their elements, as loops that the compiler makes vectors of: one source, compiled for each tier.
// Every tier rounds each step to float32 in the same order, so that all of them give the same bits.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "../arch/cpu.h"

namespace halftone {

// How floats become codes: t = clamp(float, lo, hi), NaN to lo; y = roundHalfEven(t) + zero. lo and hi are whole numbers.
struct ToCodes {
  float lo, hi;
  int32_t zero;
};

constexpr size_t kLanes = 64;

// How integers become codes: multiplied in fixed point, clamped to lo .. hi after their zero point was added.
enum class FixedMode : uint8_t { kDouble, kSingle, kFloor };
struct FixedCodes {
  FixedMode mode;
  int32_t zero, lo, hi;
};

// `n` elements with parameters of their own each, or one for all, as the name says. Codes and zero points of both
// signednesses are bytes.
struct Loops {
  // y = codes(fround(x / scale)). numerics 4.1
  void (*quantize)(const float* x, uint8_t* y, size_t n, float scale, ToCodes to);
  void (*quantize_each_u8)(const float* x, uint8_t* y, size_t n, const float* scale, const uint8_t* zero);
  void (*quantize_each_s8)(const float* x, uint8_t* y, size_t n, const float* scale, const uint8_t* zero);
  // Codes of 16 bits, and of any range from lo to hi.
  void (*quantize_16)(const float* x, uint16_t* y, size_t n, float scale, ToCodes to);
  void (*quantize_range_u8)(const float* x, void* y, size_t n, const float* scale, const void* zero, int32_t lo, int32_t hi);
  void (*quantize_range_s8)(const float* x, void* y, size_t n, const float* scale, const void* zero, int32_t lo, int32_t hi);
  void (*quantize_range_u16)(const float* x, void* y, size_t n, const float* scale, const void* zero, int32_t lo, int32_t hi);
  void (*quantize_range_s16)(const float* x, void* y, size_t n, const float* scale, const void* zero, int32_t lo, int32_t hi);
  void (*dequantize_u16)(const uint16_t* x, float* y, size_t n, float scale, int32_t zero);
  void (*dequantize_s16)(const uint16_t* x, float* y, size_t n, float scale, int32_t zero);
  void (*dequantize_each_u16)(const uint16_t* x, float* y, size_t n, const float* scale, const uint16_t* zero);
  void (*dequantize_each_s16)(const uint16_t* x, float* y, size_t n, const float* scale, const uint16_t* zero);
  // y = fround((x - zero) * scale); int32 has no zero point, and is rounded to float32 first.
  void (*dequantize_u8)(const uint8_t* x, float* y, size_t n, float scale, int32_t zero);
  void (*dequantize_s8)(const uint8_t* x, float* y, size_t n, float scale, int32_t zero);
  void (*dequantize_s32)(const int32_t* x, float* y, size_t n, float scale);
  void (*dequantize_each_u8)(const uint8_t* x, float* y, size_t n, const float* scale, const uint8_t* zero);
  void (*dequantize_each_s8)(const uint8_t* x, float* y, size_t n, const float* scale, const uint8_t* zero);
  void (*dequantize_each_s32)(const int32_t* x, float* y, size_t n, const float* scale);
  // y = codes(fround(fround(x) * multiplier)). numerics 4.13
  void (*requantize)(const int32_t* x, uint8_t* y, size_t n, float multiplier, ToCodes to);
  void (*requantize_each)(const int32_t* x, uint8_t* y, size_t n, const float* multiplier, ToCodes to);
  // y = clamp(x times the multiplier of fixed point + zero), pairs of multiplier and shift one for all or `each`. numerics 4.4
  void (*requantize_fixed)(const int32_t* x, uint8_t* y, size_t n, const int32_t* multiplier, const int32_t* shift, bool each,
                           FixedCodes to);
  // y = floor(x * 2^22 / sum), of x from 0 to 2^30 and no greater than the sum.
  void (*shares)(const int32_t* x, int32_t* y, size_t n, double sum);
  // The largest x ^ flip; 0 of none.
  uint8_t (*most)(const uint8_t* x, size_t n, uint8_t flip);
  // t = fround(fround(c0 + fround(a * ra)) + fround(b * rb)); an operand of step 0 is one value. numerics 4.13
  void (*qadd_u8)(const uint8_t* a, size_t a_step, const uint8_t* b, size_t b_step, uint8_t* y, size_t n,
                  const float* factors, float lo, float hi);
  void (*qadd_s8)(const uint8_t* a, size_t a_step, const uint8_t* b, size_t b_step, uint8_t* y, size_t n,
                  const float* factors, float lo, float hi);
  // t = fround(fround((a - za) * (b - zb) * m) + zy)
  void (*qmul_u8)(const uint8_t* a, size_t a_step, const uint8_t* b, size_t b_step, uint8_t* y, size_t n,
                  const float* factors, float lo, float hi);
  void (*qmul_s8)(const uint8_t* a, size_t a_step, const uint8_t* b, size_t b_step, uint8_t* y, size_t n,
                  const float* factors, float lo, float hi);
  // Smallest and largest of 0 and the elements; NaN is neither.
  void (*range)(const float* x, size_t n, float* min, float* max);
  // y = table[x ^ flip]: flip is 0x80 for int8 codes, whose table begins with the lowest.
  void (*lookup)(const uint8_t* x, uint8_t* y, size_t n, const uint8_t* table, uint8_t flip);
  // Sums of channels, which the column terms are added to, and their ways out. `bias` may be null.
  void (*finish_sums)(const int32_t* sums, const int32_t* column, int32_t* y, size_t n);
  void (*finish_floats)(const int32_t* sums, const int32_t* column, const float* multiplier, const float* bias, float* y,
                        size_t n);
  void (*finish_codes)(const int32_t* sums, const int32_t* column, const float* multiplier, uint8_t* y, size_t n,
                       ToCodes to);
  // Of windows whose elements are `count` runs of n codes: y = the largest of x[offsets[i]]; at least one.
  void (*largest_u8)(const uint8_t* x, const size_t* offsets, size_t count, uint8_t* y, size_t n);
  void (*largest_s8)(const uint8_t* x, const size_t* offsets, size_t count, uint8_t* y, size_t n);
  // sums += x - zero
  void (*add_u8)(const uint8_t* x, int32_t zero, int32_t* sums, size_t n);
  void (*add_s8)(const uint8_t* x, int32_t zero, int32_t* sums, size_t n);
  // Rows of matrices: sum of codes modulo 2^32, codes as int16, codes ^ 0x80.
  uint32_t (*sum_u8)(const uint8_t* x, size_t n);
  uint32_t (*sum_s8)(const uint8_t* x, size_t n);
  void (*widen_u8)(const uint8_t* x, int16_t* y, size_t n);
  void (*widen_s8)(const uint8_t* x, int16_t* y, size_t n);
  void (*flip)(const uint8_t* x, uint8_t* y, size_t n);
  // y[3 i + j] = x[i + j * stride]
  void (*interleave3_8)(const uint8_t* x, uint8_t* y, size_t n, size_t stride);
  void (*interleave3_32)(const uint32_t* x, uint32_t* y, size_t n, size_t stride);
  // Whole numbers in the order of the elements x[i * step]; NaN is the largest, both zeros are one. A flip of -1 turns the
  // order round, one of 0 does not.
  void (*keys_u8)(const uint8_t* x, size_t step, int32_t* keys, size_t n, int32_t flip);
  void (*keys_s8)(const uint8_t* x, size_t step, int32_t* keys, size_t n, int32_t flip);
  void (*keys_s32)(const int32_t* x, size_t step, int32_t* keys, size_t n, int32_t flip);
  void (*keys_f32)(const float* x, size_t step, int32_t* keys, size_t n, int32_t flip);
  // A number that no fewer than k elements reach; k is from 1 to kLanes, n a multiple of kLanes and not 0.
  int32_t (*floor_of)(const int32_t* x, size_t n, size_t k);
  // Ascending indices of the elements from `least` on; gives their number.
  size_t (*places_from)(const int32_t* x, size_t n, int32_t least, int32_t* places);
};

// The loops of the best of these tiers.
const Loops& LoopsFor(uint32_t tiers);

}  // namespace halftone
