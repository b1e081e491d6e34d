// Products by weights in blocks against plain loops: int8-block to the bit, the others within their bounds.
#include <math.h>
#include <string.h>

#include <algorithm>
#include <vector>

#include "../blockgemm/gemm.h"
#include "checks.h"

namespace halftone {
namespace {

using namespace blockgemm;

struct Case {
  size_t m, n, k, block, bits;
  bool rows, is_signed, one_zero, bias;
  Computation computation;
};

// A value of a float in [-1, 1], now and then a large, a tiny or an odd one.
float Real(bool odd) {
  const float value = (static_cast<int>(Next() % 20001) - 10000) * 1e-4f;
  if (!odd) return value;
  const float odds[] = {1e30f, 3e-38f, 1e-42f, NAN, INFINITY, 0.0f};
  return Next() % 50 == 0 ? odds[Next() % 6] : value;
}

// A row's element for dequant-f32: as above; of one sign and of sizes so far apart that each step of a sum rounds; or so small that
// parts of a float would be no normal floats.
float Harsh(uint32_t kind) {
  if (kind < 2) return Real(false);
  const float value = 1 + static_cast<float>(Next() % 8388608) * ldexpf(1, -23);
  return ldexpf(value, kind == 2 ? -static_cast<int>(Next() % 8 == 0 ? Next() % 4 : 23 + Next() % 4) : -110);
}

// Codes and zero points as numbers, whatever their layout.
struct Plain {
  std::vector<int32_t> centred;  // [k][n]
  std::vector<float> scale;      // [blocks][n]
};

int32_t Unpacked(uint8_t byte, size_t bits, bool is_signed) {
  const int32_t code = bits == 4 ? byte & 15 : byte;
  const int32_t half = bits == 4 ? 8 : 128;
  return is_signed ? ((code ^ half) - half) : code;
}

bool Same(float a, float b) { return (a != a && b != b) || memcmp(&a, &b, sizeof a) == 0; }

void Int8Row(const Case& c, const Plain& plain, const float* a, const float* bias, std::vector<float>* y) {
  std::vector<int32_t> q(c.k);
  for (size_t j = 0; j < c.n; ++j) (*y)[j] = 0;
  for (size_t t = 0; t * c.block < c.k; ++t) {
    const size_t first = t * c.block, end = first + c.block < c.k ? first + c.block : c.k;
    float absmax = 0;
    bool finite = true;
    for (size_t e = first; e < end; ++e) {
      finite &= isfinite(a[e]);
      absmax = fabsf(a[e]) > absmax ? fabsf(a[e]) : absmax;
    }
    const float r = 127.0f / absmax;
    const float sa = finite ? absmax / 127.0f : NAN;
    for (size_t e = first; e < end; ++e) q[e] = finite && isfinite(r) ? static_cast<int32_t>(nearbyintf(a[e] * r)) : 0;
    for (size_t j = 0; j < c.n; ++j) {
      int32_t dot = 0;
      for (size_t e = first; e < end; ++e) dot += q[e] * plain.centred[e * c.n + j];
      (*y)[j] = (*y)[j] + static_cast<float>(dot) * (sa * plain.scale[t * c.n + j]);
    }
  }
  if (bias)
    for (size_t j = 0; j < c.n; ++j) (*y)[j] = (*y)[j] + bias[j];
}

void TestOne(uint32_t tiers, const char* tier, const Case& c, unsigned threads) {
  const size_t blocks = (c.k + c.block - 1) / c.block;
  const bool exact = c.computation == Computation::kInt8Block;
  Array<float> a(c.m * c.k), bias(c.n), y(c.m * c.n), scale(blocks * c.n);
  for (float& value : a) value = Real(exact);
  if (c.computation == Computation::kDequantF32) {
    const uint32_t kind = Next() % 4;
    for (float& value : a) value = Harsh(kind);
    if (kind == 1 && !a.empty()) a[Next() % a.size()] = Next() % 2 ? NAN : -INFINITY;
  }
  for (float& value : bias) value = Real(false);
  for (float& value : scale) value = Real(false) * 0.01f;
  const size_t zero_bytes = (blocks * c.bits + 7) / 8;
  const Array<uint8_t> codes = Codes(c.rows ? c.k * c.n : c.n * blocks * c.block * c.bits / 8);
  Array<uint8_t> zeros = Codes(c.rows ? blocks * c.n : c.n * zero_bytes);
  if (c.one_zero) std::fill(zeros.begin(), zeros.end(), 0x88);
  Plain plain = {std::vector<int32_t>(c.k * c.n), std::vector<float>(blocks * c.n)};
  for (size_t j = 0; j < c.n; ++j)
    for (size_t k = 0; k < c.k; ++k) {
      const size_t t = k / c.block;
      const auto packed = [&](const uint8_t* row, size_t i) { return c.bits == 8 ? row[i] : row[i / 2] >> (i % 2 * 4); };
      const uint8_t code = c.rows ? codes[k * c.n + j] : packed(codes.data() + j * (blocks * c.block * c.bits / 8), k);
      const uint8_t zero = c.rows ? zeros[t * c.n + j] : packed(zeros.data() + j * zero_bytes, t);
      plain.centred[k * c.n + j] = Unpacked(code, c.bits, c.is_signed) - Unpacked(zero, c.bits, c.is_signed);
      plain.scale[t * c.n + j] = scale[c.rows ? t * c.n + j : j * blocks + t];
    }
  PackedBlocks packed;
  const std::unique_ptr<Gemm> gemm = Gemm::Make({c.m, c.n, c.k, c.block, c.bits, c.computation}, tiers, threads);
  if (!gemm || !Pack(&packed, {c.n, c.k, c.block, c.bits, c.rows, c.is_signed, codes.data(), scale.data(), zeros.data()})) {
    Check(false, "memory", tier, c.m, c.n, c.k);
    return;
  }
  ThreadPool pool(threads);
  gemm->Run(packed, a.data(), c.bias ? bias.data() : nullptr, y.data(), &pool);
  const double part = c.computation == Computation::kBf16 ? ldexp(1, -7) : ldexp(1, -20);
  bool right = true;
  std::vector<float> row(c.n);
  for (size_t i = 0; i < c.m; ++i) {
    if (exact) {
      Int8Row(c, plain, a.data() + i * c.k, c.bias ? bias.data() : nullptr, &row);
      for (size_t j = 0; j < c.n; ++j) right &= Same(y[i * c.n + j], row[j]);
      continue;
    }
    for (size_t j = 0; j < c.n; ++j) {
      double sum = c.bias ? bias[j] : 0, magnitude = fabs(sum);
      for (size_t k = 0; k < c.k; ++k) {
        const double term = static_cast<double>(a[i * c.k + k]) *
                            (static_cast<float>(plain.centred[k * c.n + j]) * plain.scale[k / c.block * c.n + j]);
        sum += term;
        magnitude += fabs(term);
      }
      right &= isfinite(sum) ? fabs(y[i * c.n + j] - sum) <= part * magnitude : Same(y[i * c.n + j], static_cast<float>(sum));
    }
  }
  Check(right, gemm->kernel().name, tier, c.m, c.n, c.k);
}

}  // namespace

void TestBlockProducts(uint32_t tiers, const char* tier) {
  const size_t ms[] = {1, 2, 3, 4, 5, 11, 12, 13, 15, 16, 17, 31, 33, 47, 64, 65, 70};
  const size_t ns[] = {1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 65};
  const size_t ks[] = {1, 7, 8, 15, 16, 17, 31, 33, 64, 65, 96, 130, 255, 256, 257, 520};
  const size_t block_sizes[] = {16, 32, 64, 128, 256};
  for (unsigned kind = 0; kind < 3; ++kind) {
    const Computation computation = static_cast<Computation>(kind);
    const auto test = [&](size_t m, size_t n, size_t k, size_t block, unsigned form, unsigned threads) {
      const bool rows = form & 2;
      TestOne(tiers, tier, {m, n, k, block, form & 1 ? 8u : 4u, rows, rows && (form & 4), (form & 8) != 0, (form & 16) != 0, computation}, threads);
    };
    for (const size_t m : ms)
      for (const size_t n : ns) test(m, n, ks[Next() % 16], block_sizes[Next() % 5], Next() % 32, 1 + Next() % 3);
    for (const size_t k : ks)
      for (unsigned form = 0; form < 32; ++form) test(1 + Next() % 40, 1 + Next() % 40, k, block_sizes[form % 5], form, 1);
    for (const size_t block : block_sizes) test(37, 50, 0, block, 24, 2);
    test(300, 96, 2048, 32, 8, 2);
    test(1, 300, 4100, 32, 0, 2);
    test(130, 40, 1030, 64, 17, 3);
    test(0, 5, 40, 32, 0, 1);
    test(5, 0, 40, 32, 0, 1);
  }
}

}  // namespace halftone
