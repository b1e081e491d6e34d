// dequant-f32 on AMX. An element of A is the sum of three bfloat16, its upper, middle and lower eight bits, and a code less its
// zero point is one: their products are exact, and only sums round.
//
// A tile sums each half of its pairs in a chain, so that its first pair passes sixteen roundings. Three products make the sum of
// 32 of K, each of one third of the pairs with their lower parts, then one with the middle, and at last one with the upper: those
// pass six roundings in the chain, one where the halves meet, two where the products do; then four sums of 32 times their scales
// in float, all else in double, and the roundings of the weight and of y. That is fifteen, and what the lower parts pass more
// weighs 2^-7 of them: the bound of 2^-20 holds. Rows whose elements are so large or small that a part or a product might leave the
// normal floats, which tiles take for zeros, are computed as without tiles.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "../arch/x86_tiles.h"
#include "blockgemm.h"

#pragma GCC push_options
#pragma GCC target("avx2,fma,avx512f,avx512bw,avx512vl,avx512dq,amx-tile,amx-bf16")

#include "x86_tiles.inc"

namespace halftone::blockgemm {

void FloatsAvx512(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1, uint8_t* scratch);

namespace {

// The three products of 32 of K begin at these pairs, and take them round.
constexpr int kBegin[3] = {0, 5, 10};
// The rows of a tile that can be loaded from each of them.
constexpr size_t kRepeatedRows = 26;
constexpr size_t kStepBytes = kRepeatedRows * 64;
// So many sums of 32 are added in float.
constexpr size_t kSteps = 4;
// From 2^-102 to 2^100 all parts, products and their sums are normal.
constexpr uint32_t kSmallest = 25u << 23;
constexpr uint32_t kLargest = 227u << 23;

// Floats without the lower half of their bits.
HALFTONE_INLINE __m512 Upper(__m512 x) {
  return _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(~0xffff)));
}

HALFTONE_INLINE __mmask16 Odd(__m512 x) {
  const __m512i size = _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(0x7fffffff));
  const __mmask16 outside = _mm512_cmpgt_epu32_mask(_mm512_sub_epi32(size, _mm512_set1_epi32(kSmallest)),
                                                    _mm512_set1_epi32(kLargest - kSmallest));
  return _mm512_mask_test_epi32_mask(outside, size, size);
}

// A's parts of 32 of K, in the order of the three products.
HALFTONE_INLINE void Split(__m512 first, __m512 second, uint16_t* to) {
  const __m512 first_rest = _mm512_sub_ps(first, Upper(first)), second_rest = _mm512_sub_ps(second, Upper(second));
  const __m512i upper = Pairs(first, second);
  const __m512i middle = Pairs(first_rest, second_rest);
  const __m512i lower = Pairs(_mm512_sub_ps(first_rest, Upper(first_rest)), _mm512_sub_ps(second_rest, Upper(second_rest)));
  constexpr __mmask16 kThirds[3] = {0x001f, 0x03e0, 0xfc00};
  const auto product = [&](int low, int mid, int high) __attribute__((always_inline)) {
    return _mm512_mask_mov_epi32(_mm512_mask_mov_epi32(_mm512_maskz_mov_epi32(kThirds[low], lower), kThirds[mid], middle),
                                 kThirds[high], upper);
  };
  const __m512i turned = product(1, 2, 0), turned_twice = product(2, 0, 1);
  _mm512_store_si512(to, product(0, 1, 2));
  _mm512_store_si512(to + kTileHalves, _mm512_alignr_epi32(turned, turned, kBegin[1]));
  _mm512_store_si512(to + 2 * kTileHalves, _mm512_alignr_epi32(turned_twice, turned_twice, kBegin[2]));
}

// Scales `ROWS` rows of the sums of 32 of K and adds them to y [rows][32], and after the last step y to the sums in double.
template <size_t ROWS, bool LAST>
HALFTONE_INLINE void Finish(const float* dots, __m512 first, __m512 second, float* y, double* sums) {
#pragma GCC unroll 8
  for (size_t r = 0; r < ROWS; ++r)
#pragma GCC unroll 2
    for (size_t half = 0; half < 2; ++half) {
      float* at = y + r * kPair + half * kPanel;
      const __m512 sum = _mm512_fmadd_ps(_mm512_load_ps(dots + half * 256 + r * 16), half ? second : first, _mm512_load_ps(at));
      if constexpr (LAST) {
        double* to = sums + r * kPair + half * kPanel;
        _mm512_store_pd(to, _mm512_add_pd(_mm512_load_pd(to), _mm512_cvtps_pd(_mm512_castps512_ps256(sum))));
        _mm512_store_pd(to + 8, _mm512_add_pd(_mm512_load_pd(to + 8), _mm512_cvtps_pd(_mm512_extractf32x8_ps(sum, 1))));
      }
      _mm512_store_ps(at, LAST ? _mm512_setzero_ps() : sum);
    }
}

// Adds steps [s0, s1), 32 of K each, of 32 rows by a pair of panels to sums [32][32]; while tiles sum a step up, vectors scale the
// one before. y [32][32] is zero before and after.
template <bool TWO>
void FloatsBlock(const Product& product, size_t i, size_t panel, size_t s0, size_t s1, const uint8_t* tiles, float* y, double* sums) {
  const PackedBlocks& b = *product.b;
  const size_t steps = b.k_padded / kTileDepth;
  constexpr size_t kQuarter = TWO ? 8 : 4;
  const uint16_t* a = TileRow(product, i, s0 * 3);
  tiles += s0 * kStepBytes;
  const uint8_t* others = tiles + steps * kStepBytes;
  Dots dots[2];
  for (size_t s = s0; s <= s1; ++s) {
    const bool more = s < s1;
    const size_t done = s > s0 ? s - 1 : s0, t = done * kTileDepth / b.block;
    const Dots& before = dots[(s + 1) % 2];
    float* now = dots[s % 2].tiles[0][0];
    const __m512 first = _mm512_load_ps(b.scales(b.record(panel, t)));
    const __m512 second = _mm512_load_ps(b.scales(b.record(panel + 1, t)));
    const auto finish = [&](size_t quarter) __attribute__((always_inline)) {
      const size_t r = quarter * kQuarter;
      const float* from = before.tiles[r / 16][0] + r % 16 * 16;
      if (s == s0) return;
      if (s == s1)
        Finish<kQuarter, true>(from, first, second, y + r * kPair, sums + r * kPair);
      else
        Finish<kQuarter, false>(from, first, second, y + r * kPair, sums + r * kPair);
    };
    if (more) {
      _tile_zero(0);
      _tile_zero(1);
      _tile_zero(2);
      _tile_zero(3);
#pragma GCC unroll 3
      for (size_t third = 0; third < 3; ++third) {
        _tile_loadd(4, a + third * kTileHalves, 64);
        _tile_loadd(6, tiles + kBegin[third] * 64, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, others + kBegin[third] * 64, 64);
        _tile_dpbf16ps(1, 4, 7);
        if constexpr (TWO) {
          _tile_loadd(5, a + third * kTileHalves + kTileHalves / 2, 64);
          _tile_dpbf16ps(2, 5, 6);
          _tile_dpbf16ps(3, 5, 7);
        }
        finish(third);
      }
      _tile_stored(0, now, 64);
      _tile_stored(1, now + 256, 64);
      finish(3);
      if constexpr (TWO) {
        _tile_stored(2, now + 512, 64);
        _tile_stored(3, now + 768, 64);
      }
    } else {
      for (size_t quarter = 0; quarter < 4; ++quarter) finish(quarter);
    }
    a += 3 * kTileHalves;
    tiles += kStepBytes;
    others += kStepBytes;
  }
}

// Rows [i, end) of sums [][32] become y.
void Round(const Product& product, size_t i, size_t end, size_t panel, const double* sums) {
  for (size_t half = 0; half < 2; ++half) {
    const size_t first = (panel + half) * kPanel;
    const __mmask16 mask = ColumnMask(product, first);
    const __m512 bias = product.bias ? _mm512_maskz_loadu_ps(mask, product.bias + first) : _mm512_setzero_ps();
    const __m512d bias_low = _mm512_cvtps_pd(_mm512_castps512_ps256(bias));
    const __m512d bias_high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(bias, 1));
    for (size_t r = i; r < end; ++r) {
      const double* from = sums + (r - i) * kPair + half * kPanel;
      const __m256 low = _mm512_cvtpd_ps(_mm512_add_pd(_mm512_load_pd(from), bias_low));
      const __m256 high = _mm512_cvtpd_ps(_mm512_add_pd(_mm512_load_pd(from + 8), bias_high));
      _mm512_mask_storeu_ps(product.y + r * product.n + first, mask, _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1));
    }
  }
}

// Whether a row of the block of rows from i on is left to the kernel without tiles.
bool AnyOdd(const Product& product, size_t i, size_t end) {
  int32_t odd = 0;
  for (; i < end; ++i) odd |= product.row_sum[i];
  return odd != 0;
}

}  // namespace

void PrepareParts(const Product& product, size_t m0, size_t m1) {
  for (size_t i = m0; i < m1; ++i) {
    const float* a = product.a + i * product.k;
    __mmask16 odd = 0;
    const auto load = [&](size_t e) {
      const size_t count = e < product.k ? product.k - e : 0;
      const __m512 x = _mm512_maskz_loadu_ps(static_cast<__mmask16>(count < 16 ? (1u << count) - 1 : 0xffff), a + e);
      odd |= Odd(x);
      return x;
    };
    for (size_t e = 0; e < product.b->k_padded; e += kTileDepth) {
      const __m512 first = load(e);
      Split(first, load(e + 16), TileRow(product, i, e / kTileDepth * 3));
    }
    product.row_sum[i] = odd;
  }
}

void FloatsAmx(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1, uint8_t* scratch) {
  const PackedBlocks& b = *product.b;
  const auto end_of = [&](size_t i) { return i + kRowBlock < m1 ? i + kRowBlock : m1; };
  for (size_t i = m0; i < m1; i += kRowBlock)
    if (AnyOdd(product, i, end_of(i))) FloatsAvx512(product, i, end_of(i), p0, p1, scratch);
  const Tiles configured;
  const auto expand = b.bits == 4 ? ExpandCodes<4, kRepeatedRows> : ExpandCodes<8, kRepeatedRows>;
  const size_t steps = b.k_padded / kTileDepth;
  double* sums = reinterpret_cast<double*>(scratch);
  float* y = reinterpret_cast<float*>(sums + kTileRows * kPair);
  uint8_t* tiles = reinterpret_cast<uint8_t*>(y + kRowBlock * kPair);
  memset(y, 0, kRowBlock * kPair * sizeof(float));
  for (size_t panel = p0; panel < p1 && panel * kPanel < product.n; panel += 2) {
    expand(b, panel, tiles);
    expand(b, panel + 1, tiles + steps * kStepBytes);
    for (size_t group = m0; group < m1; group += kTileRows) {
      const size_t end = group + kTileRows < m1 ? group + kTileRows : m1;
      memset(sums, 0, kTileRows * kPair * sizeof(double));
      for (size_t s = 0; s < steps; s += kSteps)
        for (size_t i = group; i < end; i += kRowBlock) {
          if (AnyOdd(product, i, end_of(i))) continue;
          const auto block = end - i > 16 ? FloatsBlock<true> : FloatsBlock<false>;
          block(product, i, panel, s, s + kSteps < steps ? s + kSteps : steps, tiles, y, sums + (i - group) * kPair);
        }
      for (size_t i = group; i < end; i += kRowBlock)
        if (!AnyOdd(product, i, end_of(i))) Round(product, i, end_of(i), panel, sums + (i - group) * kPair);
    }
  }
}

}  // namespace halftone::blockgemm

#pragma GCC pop_options

#endif
