#include "peaks.h"

#include <stdlib.h>

#include <chrono>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace halftone {

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

namespace {

// The best rate of many short stretches: neighbours on the machine only ever slow one down.
template <typename F>
double BestRate(double seconds, double operations, const F& stretch) {
  double best = 0;
  for (const double end = Now() + seconds; Now() < end;) {
    const double start = Now();
    stretch();
    const double rate = operations / (Now() - start);
    best = rate > best ? rate : best;
  }
  return best;
}

#if defined(__x86_64__)

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vnni,amx-tile,amx-int8")

constexpr int kTimes = 20'000;

double PeakOfTiles(double seconds) {
  struct alignas(64) {
    uint8_t palette = 1, start = 0, reserved[14] = {};
    uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  } config;
  alignas(64) uint8_t codes[4][1024];
  for (auto& tile : codes)
    for (uint8_t& code : tile) code = static_cast<uint8_t>(rand() >> 7);
  alignas(64) int32_t sums[4][256];
  _tile_loadconfig(&config);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_loadd(4, codes[0], 64);
  _tile_loadd(5, codes[1], 64);
  _tile_loadd(6, codes[2], 64);
  _tile_loadd(7, codes[3], 64);
  const double best = BestRate(seconds, 2.0 * 4 * 16 * 16 * 64 * kTimes, [&] {
    for (int i = 0; i < kTimes; ++i) {
      _tile_dpbusd(0, 4, 6);
      _tile_dpbusd(1, 4, 7);
      _tile_dpbusd(2, 5, 6);
      _tile_dpbusd(3, 5, 7);
    }
  });
  _tile_stored(0, sums[0], 64);
  _tile_release();
  return best;
}

// Twelve sums that do not wait for each other.
__attribute__((noinline)) void MultiplyVectors(__m512i a, __m512i b) {
  __m512i sums[12] = {};
  for (int i = 0; i < kTimes; ++i) {
#pragma GCC unroll 12
    for (int s = 0; s < 12; ++s) __asm__ volatile("vpdpbusd %2, %1, %0" : "+v"(sums[s]) : "v"(a), "v"(b));
  }
}

double PeakOfVectors(double seconds) {
  alignas(64) uint8_t codes[2][64];
  for (auto& vector : codes)
    for (uint8_t& code : vector) code = static_cast<uint8_t>(rand() >> 7);
  const __m512i a = _mm512_load_si512(codes[0]);
  const __m512i b = _mm512_load_si512(codes[1]);
  return BestRate(seconds, 2.0 * 12 * 64 * kTimes, [&] { MultiplyVectors(a, b); });
}

#pragma GCC pop_options

#endif

}  // namespace

double PeakOf(Tier tier, double seconds) {
  if (!(AvailableTiers() & tier)) return 0;
#if defined(__x86_64__)
  if (tier == kAmx) return PeakOfTiles(seconds);
  if (tier == kAvx512Vnni) return PeakOfVectors(seconds);
#endif
  (void)seconds;
  return 0;
}

}  // namespace halftone
