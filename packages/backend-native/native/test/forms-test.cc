// Loops of codes of 16 bits, of multipliers in fixed point and of softmax, against plain formulas.
#include <math.h>

#include "../loops/softmax.h"
#include "checks.h"

namespace halftone {
namespace {

// floor(x / 2^places) of a number that no integer of 64 bits may hold.
int64_t ShiftDown(__int128 x, int places) { return static_cast<int64_t>(x >> places); }

int64_t Saturated(__int128 x) {
  return x < INT32_MIN ? INT32_MIN : x > INT32_MAX ? INT32_MAX : static_cast<int64_t>(x);
}

// As gemmlowp and TensorFlow Lite write them.
int64_t Product(FixedMode mode, int32_t x, int32_t multiplier, int32_t shift) {
  if (mode != FixedMode::kDouble) {
    const int places = 31 - shift;
    const __int128 half = mode == FixedMode::kSingle ? __int128{1} << (places - 1) : 0;
    return Saturated((static_cast<__int128>(x) * multiplier + half) >> places);
  }
  const int64_t shifted = Saturated(static_cast<__int128>(x) * (int64_t{1} << (shift > 0 ? shift : 0)));
  const __int128 product = static_cast<__int128>(shifted) * multiplier;
  const int64_t high = static_cast<int64_t>((product + (product >= 0 ? 1 << 30 : 1 - (1 << 30))) / (int64_t{1} << 31));
  const int places = shift < 0 ? -shift : 0;
  const int64_t mask = (int64_t{1} << places) - 1, rest = high & mask, threshold = (mask >> 1) + (high < 0 ? 1 : 0);
  return ShiftDown(high, places) + (rest > threshold ? 1 : 0);
}

void TestFixed(const Loops& loops, const char* tier, size_t n) {
  Array<int32_t> x(n), multiplier(n + 1), shift(n + 1);
  Array<uint8_t> y(n), right(n);
  for (size_t i = 0; i <= n; ++i) {
    multiplier[i] = Next() % 10 == 0 ? 0 : static_cast<int32_t>((1u << 30) + (Next() << 6) % (1u << 30));
    shift[i] = static_cast<int32_t>(Next() % 62) - 31;
  }
  for (size_t i = 0; i < n; ++i) {
    x[i] = static_cast<int32_t>(Next() << 8) >> (Next() % 31);
    if (Next() % 20 == 0) x[i] = Next() % 2 ? INT32_MIN : INT32_MAX;
  }
  for (const FixedMode mode : {FixedMode::kDouble, FixedMode::kSingle, FixedMode::kFloor})
    for (const bool each : {false, true}) {
      const FixedCodes to = {mode, -7, -100, 127};
      loops.requantize_fixed(x.data(), y.data(), n, multiplier.data(), shift.data(), each, to);
      for (size_t i = 0; i < n; ++i) {
        const int64_t q = Product(mode, x[i], multiplier[each ? i : 0], shift[each ? i : 0]) + to.zero;
        right[i] = static_cast<uint8_t>(q < to.lo ? to.lo : q > to.hi ? to.hi : q);
      }
      Check(y == right, "requantize_fixed", tier, static_cast<size_t>(mode), n, each);
    }
}

void TestWide(const Loops& loops, const char* tier, size_t n) {
  Array<float> x(n), scale(n), floats(n), right_floats(n);
  Array<uint16_t> codes(n), zeros(n), y(n), right(n);
  for (size_t i = 0; i < n; ++i) {
    const float odd[] = {NAN, INFINITY, -INFINITY, 1e-42f, 3e38f, -0.0f};
    x[i] = Next() % 5 == 0 ? odd[Next() % 6] : (static_cast<int>(Next() % 200000) - 100000) * 0.25f;
    scale[i] = 0.25f + Next() % 3;
    codes[i] = static_cast<uint16_t>(Next());
    zeros[i] = static_cast<uint16_t>(Next());
  }
  const auto code = [](float t, float lo, float hi, int32_t zero) {
    const float clamped = t > lo ? (t < hi ? t : hi) : lo;
    return static_cast<uint16_t>(static_cast<int32_t>(nearbyintf(clamped)) + zero);
  };
  loops.quantize_16(x.data(), y.data(), n, 0.5f, {-40000, 25535, 40000});
  for (size_t i = 0; i < n; ++i) right[i] = code(x[i] / 0.5f, -40000, 25535, 40000);
  Check(y == right, "quantize_16", tier, 1, n, 1);
  loops.quantize_range_u16(x.data(), y.data(), n, scale.data(), zeros.data(), 0, 65535);
  for (size_t i = 0; i < n; ++i) right[i] = code(x[i] / scale[i], static_cast<float>(-zeros[i]), static_cast<float>(65535 - zeros[i]), zeros[i]);
  Check(y == right, "quantize_range_u16", tier, 1, n, 1);
  loops.quantize_range_s16(x.data(), y.data(), n, scale.data(), zeros.data(), -32768, 32767);
  for (size_t i = 0; i < n; ++i) {
    const int32_t zero = static_cast<int16_t>(zeros[i]);
    right[i] = code(x[i] / scale[i], static_cast<float>(-32768 - zero), static_cast<float>(32767 - zero), zero);
  }
  Check(y == right, "quantize_range_s16", tier, 1, n, 1);
  // Codes of four bits.
  Array<int8_t> few(n), right_few(n), few_zeros(n);
  for (size_t i = 0; i < n; ++i) few_zeros[i] = static_cast<int8_t>(static_cast<int>(Next() % 16) - 8);
  loops.quantize_range_s8(x.data(), few.data(), n, scale.data(), few_zeros.data(), -8, 7);
  for (size_t i = 0; i < n; ++i)
    right_few[i] = static_cast<int8_t>(code(x[i] / scale[i], static_cast<float>(-8 - few_zeros[i]), static_cast<float>(7 - few_zeros[i]), few_zeros[i]));
  Check(few == right_few, "quantize_range_s8", tier, 1, n, 1);
  loops.dequantize_u16(codes.data(), floats.data(), n, 0.3f, 1234);
  for (size_t i = 0; i < n; ++i) right_floats[i] = static_cast<float>(codes[i] - 1234) * 0.3f;
  Check(floats == right_floats, "dequantize_u16", tier, 1, n, 1);
  loops.dequantize_each_s16(codes.data(), floats.data(), n, scale.data(), zeros.data());
  for (size_t i = 0; i < n; ++i)
    right_floats[i] = static_cast<float>(static_cast<int16_t>(codes[i]) - static_cast<int16_t>(zeros[i])) * scale[i];
  Check(floats == right_floats, "dequantize_each_s16", tier, 1, n, 1);
}

void TestSoftmax(const Loops& loops, const char* tier, size_t outer, size_t extent, size_t inner) {
  const Array<uint8_t> x = Codes(outer * extent * inner);
  Array<uint8_t> y(x.size()), right(x.size());
  Array<int32_t> table(256);
  for (size_t d = 0; d < 256; ++d) table[d] = static_cast<int32_t>(nearbyint(1073741824.0 * exp(-0.05 * static_cast<double>(d))));
  const bool is_signed = Next() % 2;
  const Softmax softmax = {extent, inner, table.data(), static_cast<uint8_t>(is_signed ? 0x80 : 0), 1 << 30, -13, {FixedMode::kDouble, 3, 0, 255}};
  const size_t middle = outer * inner / 2;
  SoftmaxOf(softmax, x.data(), y.data(), middle, outer * inner, loops);
  SoftmaxOf(softmax, x.data(), y.data(), 0, middle, loops);
  for (size_t column = 0; column < outer * inner; ++column) {
    const auto at = [&](size_t e) { return (column / inner * extent + e) * inner + column % inner; };
    int32_t most = -128;
    for (size_t e = 0; e < extent; ++e) most = Value(x[at(e)], is_signed) > most ? Value(x[at(e)], is_signed) : most;
    int64_t sum = 0;
    for (size_t e = 0; e < extent; ++e) sum += table[most - Value(x[at(e)], is_signed)];
    for (size_t e = 0; e < extent; ++e) {
      const int64_t share = (int64_t{table[most - Value(x[at(e)], is_signed)]} << 22) / sum;
      const int64_t code = Product(FixedMode::kDouble, static_cast<int32_t>(share), softmax.multiplier, softmax.shift) + 3;
      right[at(e)] = static_cast<uint8_t>(code > 255 ? 255 : code);
    }
  }
  Check(y == right, "softmax", tier, outer, extent, inner);
}

}  // namespace

void TestForms(uint32_t tiers, const char* tier) {
  const Loops& loops = LoopsFor(tiers);
  for (size_t n = 0; n < 200; n += n < 70 ? 1 : 13) {
    TestFixed(loops, tier, n);
    TestWide(loops, tier, n);
  }
  for (const size_t extent : {1, 2, 15, 16, 17, 63, 64, 65, 255, 256, 257, 1000})
    for (const size_t inner : {1, 3}) TestSoftmax(loops, tier, 1 + Next() % 4, extent, inner);
}

}  // namespace halftone
