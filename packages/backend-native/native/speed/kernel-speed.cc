// Products of every tier beside the register loops of its unit, in one process: kernel-speed [tier [m n k [threads]]];
// convolutions of real networks: kernel-speed layers [tier [threads [network]]].
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <vector>

#include "../bgemm/binary.h"
#include "../qgemm/gemm.h"
#include "peaks.h"
#include "speed.h"

namespace halftone {

std::vector<uint8_t> RandomCodes(size_t count) {
  std::vector<uint8_t> codes(count);
  for (uint8_t& code : codes) code = static_cast<uint8_t>(rand() >> 7);
  return codes;
}

namespace {

struct Operation {
  size_t m, n, k;
  bool a_signed, b_signed, shifted;
  qgemm::Output output;
  unsigned threads;
};

// Operations a second, the median and the best of what fits the time.
void Time(uint32_t tiers, const Operation& o, double peak, ThreadPool* pool) {
  using namespace qgemm;
  const Shape shape = {o.m, o.n, o.k, o.a_signed, o.b_signed, false, o.output, false, true};
  const std::unique_ptr<Gemm> gemm = Gemm::Make(shape, tiers, o.threads);
  const std::vector<uint8_t> codes = RandomCodes(o.n * o.k), a_codes = RandomCodes(o.m * o.k);
  const std::vector<float> multiplier(o.n, 1e-5f);
  PackedB packed;
  Pack(&packed, gemm->layout(), codes.data(), o.b_signed, o.n, o.k, false);
  Buffer a, y;
  memcpy(a.Reserve(o.m * o.k), a_codes.data(), o.m * o.k);
  const uint8_t zero = o.shifted ? 117 : 0;
  Operands operands = {};
  operands.a = static_cast<const uint8_t*>(a.Reserve(1));
  operands.a_zero = o.a_signed ? 3 : 120;
  operands.b_zero = &zero;
  operands.way_out.multiplier = multiplier.data();
  operands.way_out.zero = 128;
  operands.way_out.hi = 255;
  operands.y = y.ReserveOf<int32_t>(o.m * o.n);
  const double operations = 2.0 * o.m * o.n * o.k;
  const int times = static_cast<int>(std::max(1.0, 2e8 / operations));
  std::vector<double> rates;
  for (const double end = Now() + 0.4; Now() < end || rates.size() < 5;) {
    const double start = Now();
    for (int i = 0; i < times; ++i) gemm->Run(packed, operands, pool);
    rates.push_back(operations * times / (Now() - start) / 1e9);
  }
  std::sort(rates.begin(), rates.end());
  const double best = rates.back(), median = rates[rates.size() / 2];
  printf("%5zu x %5zu x %5zu  %s%s%s -> %s  %u thr  %8.0f  %8.0f GOPS  %8.2f us", o.m, o.n, o.k, o.a_signed ? "s8" : "u8",
         o.b_signed ? "s8" : "u8", o.shifted ? " shifted" : "        ", o.output == Output::kInt32 ? "s32" : "u8 ", o.threads,
         best, median, operations / best / 1e3);
  if (peak > 0) printf("  %3.0f %%", 100 * best * 1e9 / (peak * o.threads));
  printf("\n");
  fflush(stdout);
}

// Products of signs: each a multiplication and an addition.
void TimeBinary(uint32_t tiers, size_t m, size_t n, size_t k, ThreadPool* pool) {
  using namespace bgemm;
  const std::unique_ptr<Binary> binary = Binary::Make(m, n, k, tiers, 1);
  const std::vector<uint8_t> a = Random(m * RowBytes(k)), b = Random(n * RowBytes(k));
  PackedB packed;
  Pack(&packed, b.data(), n, k);
  Buffer y;
  int32_t* const to = y.ReserveOf<int32_t>(m * n);
  const double operations = 2.0 * m * n * k;
  const int times = static_cast<int>(std::max(1.0, 2e8 / operations));
  std::vector<double> rates;
  for (const double end = Now() + 0.3; Now() < end || rates.size() < 5;) {
    const double start = Now();
    for (int i = 0; i < times; ++i) binary->Run(packed, a.data(), to, pool);
    rates.push_back(operations * times / (Now() - start) / 1e9);
  }
  std::sort(rates.begin(), rates.end());
  const double best = rates.back(), median = rates[rates.size() / 2];
  printf("%5zu x %5zu x %5zu  signs  %8.0f  %8.0f GOPS  %8.2f us  %s\n", m, n, k, best, median, operations / median / 1e3,
         binary->kernel().name);
  fflush(stdout);
}

void TimeTier(const char* name, Tier tier, int argc, char** argv) {
  const uint32_t tiers = CapTiers(AvailableTiers(), name);
  if (tiers == 0) return;
  using qgemm::Output;
  const double peak = PeakOf(tier, 0.5);
  printf("%s: %.0f GOPS over registers; products: best, median, time, share\n", name, peak / 1e9);
  const unsigned most = argc > 4 ? atoi(argv[4]) : 1;
  ThreadPool pool(std::max(2u, most));
  if (argc > 3) {
    const size_t m = atol(argv[1]), n = atol(argv[2]), k = atol(argv[3]);
    for (const Output output : {Output::kInt32, Output::kUint8})
      for (const bool a_signed : {false, true})
        for (const bool b_signed : {true, false}) Time(tiers, {m, n, k, a_signed, b_signed, !b_signed, output, most}, peak, &pool);
    return;
  }
  const size_t shapes[][3] = {{64, 64, 64},      {32, 256, 256},     {1, 1024, 1024},   {1, 4096, 4096},
                              {8, 1024, 1024},   {128, 768, 768},    {384, 1024, 1024}, {1024, 1024, 1024},
                              {512, 4096, 1024}, {512, 1024, 4096},  {2048, 2048, 2048}};
  for (const auto& [m, n, k] : shapes)
    for (const Output output : {Output::kInt32, Output::kUint8}) Time(tiers, {m, n, k, false, true, false, output, 1}, peak, &pool);
  for (const bool a_signed : {false, true})
    for (const bool b_signed : {true, false}) Time(tiers, {1024, 1024, 1024, a_signed, b_signed, !b_signed, Output::kInt32, 1}, peak, &pool);
  for (const auto& [m, n, k] : {std::array<size_t, 3>{1, 1024, 1024}, {1, 100000, 1024}, {64, 1024, 1024}, {512, 1024, 1024}, {512, 1024, 4096}})
    TimeBinary(tiers, m, n, k, &pool);
  for (const unsigned threads : {1u, 2u}) Time(tiers, {1024, 1024, 1024, false, true, false, Output::kUint8, threads}, peak, &pool);
}

}  // namespace
}  // namespace halftone

int main(int argc, char** argv) {
  using namespace halftone;
  const struct {
    const char* name;
    Tier tier;
  } tiers[] = {{"avx2", kAvx2}, {"avxvnni", kAvxVnni}, {"avx512vnni", kAvx512Vnni}, {"amx", kAmx}, {"neon", kNeon}, {"dotprod", kDotProd}};
  const bool layers = argc > 1 && strcmp(argv[1], "layers") == 0;
  for (const auto& [name, tier] : tiers)
    if (layers) {
      if (argc < 3 || strcmp(argv[2], name) == 0) TimeLayers(name, tier, argc > 3 ? std::max(1, atoi(argv[3])) : 1, argc > 4 ? argv[4] : "");
    } else if (argc < 2 || strcmp(argv[1], name) == 0) TimeTier(name, tier, argc - 1, argv + 1);
  return 0;
}
