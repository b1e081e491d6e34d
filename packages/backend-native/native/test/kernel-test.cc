// Every kernel of the tables against plain loops: runs on the machine itself, under sanitizers, and under emulation of others.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <vector>

#include "../arch/cpu.h"
#include "../loops/loops.h"
#include "../qgemm/gemm.h"
#include "checks.h"

namespace halftone {
namespace {

int failures = 0;
int checks = 0;
uint32_t state = 1;

}  // namespace

uint32_t Next() {
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}

Array<uint8_t> Codes(size_t count) {
  Array<uint8_t> codes(count);
  for (uint8_t& code : codes) code = Next() % 3 == 0 ? (Next() % 2 ? 0x7f : 0x80) : Next() % 5 == 0 ? 0xff : Next();
  return codes;
}

void Check(bool right, const char* what, const char* tier, size_t m, size_t n, size_t k) {
  ++checks;
  if (right) return;
  if (++failures <= 20) printf("WRONG %s on %s, %zu x %zu x %zu\n", what, tier, m, n, k);
}

namespace {

void TestProduct(uint32_t tiers, const char* tier, size_t m, size_t n, size_t k, unsigned kind, unsigned threads) {
  using namespace qgemm;
  const bool a_signed = kind & 1, b_signed = kind & 2, transposed = kind & 4, per_column = kind & 8, shifted = kind & 16;
  const Output output = static_cast<Output>((kind >> 5) & 3);
  const Array<uint8_t> a = Codes(m * k), b = Codes(n * k), zeros = Codes(n + 1);
  Array<int32_t> bias(n);
  Array<float> multiplier(n), float_bias(n);
  for (size_t j = 0; j < n; ++j) {
    bias[j] = static_cast<int32_t>(Next() << 8);
    multiplier[j] = ldexpf(1.0f + Next() % 1000 / 1000.0f, -int(k ? log2(k) / 2 : 0) - 8);
    float_bias[j] = Next() % 100;
  }
  const Array<uint8_t> none(n + 1, 0);
  const uint8_t* b_zero = shifted ? zeros.data() : none.data();
  const Shape shape = {m, n, k, a_signed, b_signed, transposed, output, per_column, per_column};
  const std::unique_ptr<Gemm> gemm = Gemm::Make(shape, tiers, threads);
  PackedB packed;
  if (!gemm || !Pack(&packed, gemm->layout(), b.data(), b_signed, n, k, transposed)) {
    Check(false, "memory", tier, m, n, k);
    return;
  }
  const bool is_s8 = output == Output::kInt8;
  Operands operands = {};
  operands.a = a.data();
  operands.a_zero = Value(static_cast<uint8_t>(Next()), a_signed);
  operands.b_zero = b_zero;
  operands.way_out.bias = output != Output::kFloat32 && kind % 3 ? bias.data() : nullptr;
  operands.way_out.float_bias = output == Output::kFloat32 ? float_bias.data() : nullptr;
  operands.way_out.multiplier = output == Output::kInt32 ? nullptr : multiplier.data();
  operands.way_out.lo = is_s8 ? -128 : 0;
  operands.way_out.hi = operands.way_out.lo + 255;
  operands.way_out.zero = operands.way_out.lo + static_cast<int32_t>(Next() % 256);
  const size_t width = output == Output::kInt32 || output == Output::kFloat32 ? 4 : 1;
  Array<uint8_t> y_codes(width == 1 ? m * n : 0);
  Array<int32_t> y_sums(width == 1 ? 0 : m * n);
  void* const y = width == 1 ? static_cast<void*>(y_codes.data()) : y_sums.data();
  operands.y = y;
  ThreadPool pool(threads);
  gemm->Run(packed, operands, &pool);
  bool right = true;
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j) {
      const int32_t zero = Value(b_zero[per_column ? j : 0], b_signed);
      uint32_t acc = operands.way_out.bias ? static_cast<uint32_t>(bias[j]) : 0;
      for (size_t d = 0; d < k; ++d)
        acc += static_cast<uint32_t>((Value(a[i * k + d], a_signed) - operands.a_zero) *
                                     (Value(b[transposed ? j * k + d : d * n + j], b_signed) - zero));
      const int32_t sum = static_cast<int32_t>(acc);
      const size_t place = i * n + j;
      if (output == Output::kInt32) {
        right &= static_cast<const int32_t*>(y)[place] == sum;
        continue;
      }
      const float t = static_cast<float>(sum) * multiplier[per_column ? j : 0];
      if (output == Output::kFloat32) {
        right &= static_cast<const float*>(y)[place] == t + float_bias[j];
        continue;
      }
      const float lo = operands.way_out.lo - operands.way_out.zero, hi = operands.way_out.hi - operands.way_out.zero;
      const float clamped = t < lo ? lo : t > hi ? hi : t;
      right &= static_cast<const uint8_t*>(y)[place] == static_cast<uint8_t>(static_cast<int32_t>(nearbyintf(clamped)) + operands.way_out.zero);
    }
  Check(right, gemm->kernel().name, tier, m, n, k);
}

void TestLoops(uint32_t tiers, const char* tier) {
  const Loops& loops = LoopsFor(tiers);
  const Loops& plain = LoopsFor(kScalar);
  for (size_t n = 0; n < 200; n += n < 70 ? 1 : 13) {
    Array<float> x(n), scale(n), out(n), wanted(n);
    Array<int32_t> sums(n);
    const Array<uint8_t> codes = Codes(n), others = Codes(n), table = Codes(256);
    Array<uint8_t> y(n), right(n);
    for (size_t i = 0; i < n; ++i) {
      // Ties, infinities, NaN, subnormals and what is out of range.
      const float odd[] = {0.5f, -1.5f, NAN, INFINITY, -INFINITY, 1e-42f, 3e38f, -0.0f};
      x[i] = Next() % 3 == 0 ? odd[Next() % 8] : (static_cast<int>(Next() % 2000) - 1000) * 0.125f;
      scale[i] = 0.25f + Next() % 7;
      sums[i] = static_cast<int32_t>(Next() << 8) >> (Next() % 20);
    }
    const ToCodes one = {-100, 155, 100};
    const auto same = [&](const char* what) { Check(y == right, what, tier, 1, n, 1); };
    loops.quantize(x.data(), y.data(), n, 0.5f, one);
    for (size_t i = 0; i < n; ++i) {
      const float t = x[i] / 0.5f;
      const float clamped = t > -100 ? (t < 155 ? t : 155) : -100;
      right[i] = static_cast<uint8_t>(static_cast<int32_t>(nearbyintf(clamped)) + 100);
    }
    same("quantize");
    const auto both = [&](const char* what, const auto& run) {
      run(loops, y.data());
      run(plain, right.data());
      same(what);
    };
    both("quantize_each_u8", [&](const Loops& l, uint8_t* o) { l.quantize_each_u8(x.data(), o, n, scale.data(), others.data()); });
    both("quantize_each_s8", [&](const Loops& l, uint8_t* o) { l.quantize_each_s8(x.data(), o, n, scale.data(), others.data()); });
    both("requantize", [&](const Loops& l, uint8_t* o) { l.requantize(sums.data(), o, n, 1e-6f, one); });
    both("requantize_each", [&](const Loops& l, uint8_t* o) { l.requantize_each(sums.data(), o, n, scale.data(), one); });
    both("lookup", [&](const Loops& l, uint8_t* o) { l.lookup(codes.data(), o, n, table.data(), 0x80); });
    both("flip", [&](const Loops& l, uint8_t* o) { l.flip(codes.data(), o, n); });
    const size_t offsets[] = {0, n / 3, n - n / 3};
    both("largest_u8", [&](const Loops& l, uint8_t* o) { l.largest_u8(codes.data(), offsets, 3, o, n / 3); });
    both("largest_s8", [&](const Loops& l, uint8_t* o) { l.largest_s8(codes.data(), offsets, 3, o, n / 3); });
    const float factors[] = {0.37f, 1.71f, 12.5f, 0.003f};
    for (int steps = 0; steps < 4 && n > 0; ++steps) {
      const size_t a = steps & 1, b = steps >> 1;
      both("qadd", [&](const Loops& l, uint8_t* o) { l.qadd_u8(codes.data(), a, others.data(), b, o, n, factors, 0, 255); });
      both("qadd", [&](const Loops& l, uint8_t* o) { l.qadd_s8(codes.data(), a, others.data(), b, o, n, factors, -128, 127); });
      both("qmul", [&](const Loops& l, uint8_t* o) { l.qmul_u8(codes.data(), a, others.data(), b, o, n, factors, 0, 255); });
      both("qmul", [&](const Loops& l, uint8_t* o) { l.qmul_s8(codes.data(), a, others.data(), b, o, n, factors, -128, 127); });
    }
    const auto bits = [&](const char* what) { Check(n == 0 || memcmp(out.data(), wanted.data(), 4 * n) == 0, what, tier, 1, n, 1); };
    loops.dequantize_s8(codes.data(), out.data(), n, 0.3f, -7);
    for (size_t i = 0; i < n; ++i) wanted[i] = static_cast<float>(Value(codes[i], true) + 7) * 0.3f;
    bits("dequantize_s8");
    loops.dequantize_each_u8(codes.data(), out.data(), n, scale.data(), others.data());
    for (size_t i = 0; i < n; ++i) wanted[i] = static_cast<float>(codes[i] - others[i]) * scale[i];
    bits("dequantize_each_u8");
    loops.dequantize_each_s32(sums.data(), out.data(), n, scale.data());
    for (size_t i = 0; i < n; ++i) wanted[i] = static_cast<float>(sums[i]) * scale[i];
    bits("dequantize_each_s32");
    float low, high, plain_low, plain_high;
    loops.range(x.data(), n, &low, &high);
    plain.range(x.data(), n, &plain_low, &plain_high);
    Check(low == plain_low && high == plain_high, "range", tier, 1, n, 1);
    Check(loops.sum_u8(codes.data(), n) == plain.sum_u8(codes.data(), n), "sum_u8", tier, 1, n, 1);
    Check(loops.sum_s8(codes.data(), n) == plain.sum_s8(codes.data(), n), "sum_s8", tier, 1, n, 1);
  }
}

void TestTier(const char* tier) {
  const uint32_t tiers = CapTiers(AvailableTiers(), tier);
  if (tiers == 0) {
    printf("%s: not on this CPU\n", tier);
    return;
  }
  const int before = failures;
  const size_t extents[] = {1, 2, 3, 5, 6, 7, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 96, 127, 130};
  const size_t depths[] = {0, 1, 2, 3, 4, 5, 31, 63, 64, 65, 127, 128, 129, 200};
  for (const size_t m : extents)
    for (const size_t n : extents) TestProduct(tiers, tier, m, n, depths[Next() % 14], Next() % 128, 1 + Next() % 3);
  for (const size_t k : depths)
    for (unsigned kind = 0; kind < 128; ++kind) TestProduct(tiers, tier, 1 + Next() % 40, 1 + Next() % 90, k, kind, 1);
  TestProduct(tiers, tier, 40, 130, 2048, 31, 2);
  TestProduct(tiers, tier, 33, 70, 4099, 18, 2);
  // More columns than stay in the cache, more rows than are prepared at a time, more sums than the caches hold.
  for (unsigned kind = 0; kind < 128; kind += 9) TestProduct(tiers, tier, 50, 330, 4100, kind, 1 + kind % 2);
  for (unsigned kind = 0; kind < 32; ++kind) TestProduct(tiers, tier, 300, 40, 66, kind, 1 + kind % 2);
  TestProduct(tiers, tier, 1030, 1040, 65, 1, 1);
  TestProduct(tiers, tier, 1030, 1024, 65, 30, 2);
  TestLoops(tiers, tier);
  TestConvolutions(tiers, tier);
  TestMoves(tiers, tier);
  TestSearch(tiers, tier);
  TestForms(tiers, tier);
  TestBlockProducts(tiers, tier);
  printf("%s: %s\n", tier, failures == before ? "right" : "WRONG");
}

}  // namespace
}  // namespace halftone

// kernel-test [threads]: all kernels, or the pool of threads alone.
int main(int argc, char** argv) {
  halftone::TestThreads();
  if (argc > 1 && strcmp(argv[1], "threads") == 0) {
    printf("%d checks, %d failures\n", halftone::checks, halftone::failures);
    return halftone::failures == 0 ? 0 : 1;
  }
  for (const char* tier : {"scalar", "avx2", "avxvnni", "avx512vnni", "amx", "neon", "dotprod"}) halftone::TestTier(tier);
  printf("%d checks, %d failures\n", halftone::checks, halftone::failures);
  return halftone::failures == 0 ? 0 : 1;
}
