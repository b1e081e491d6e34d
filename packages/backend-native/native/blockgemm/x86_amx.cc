// AMX on bfloat16. Codes less their zero points, and codes of A, have at most eight bits: as bfloat16 their products and the sums
// of a block are exact, and a tile is 32 of K deep, a whole block. So int8-block takes the same unit as bf16, and is exact.
#if defined(__x86_64__)

#include <float.h>
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "../arch/x86_tiles.h"
#include "blockgemm.h"

#pragma GCC push_options
#pragma GCC target("avx2,fma,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,amx-tile,amx-bf16")

#include "x86_tiles.inc"

namespace halftone::blockgemm {
namespace {

// Tiles of so many codes of a column stay in the first cache while rows of A pass by.
constexpr size_t kChunk = 128;

// Scaled weights rounded to bfloat16.
template <size_t BITS>
void ExpandWeights(const PackedBlocks& b, size_t panel, uint8_t* tiles) {
  alignas(64) static constexpr uint16_t kInterleave[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                           8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const __m512i interleave = _mm512_load_si512(kInterleave);
  const __m512 table = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (size_t t = 0; t < b.blocks; ++t) {
    const uint8_t* record = b.record(panel, t);
    const __m512 scale = _mm512_load_ps(b.scales(record));
    const __m512 zero = _mm512_cvtepi32_ps(Zeros(b, panel, t));
    const auto weight = [&](__m512i x) {
      const __m512 code = BITS == 4 ? _mm512_permutexvar_ps(x, table) : _mm512_cvtepi32_ps(_mm512_and_si512(x, _mm512_set1_epi32(255)));
      return _mm512_mul_ps(_mm512_sub_ps(code, zero), scale);
    };
    for (size_t v = 0; v < b.block * BITS / 32; ++v) {
      const __m512i x = _mm512_load_si512(record + v * 64);
      for (unsigned pair = 0; pair < 16 / BITS; ++pair) {
        const __m512 first = weight(_mm512_srli_epi32(x, pair * BITS));
        const __m512 second = weight(_mm512_srli_epi32(x, pair * BITS + 16));
        const __m512i both = (__m512i)_mm512_cvtne2ps_pbh(second, first);
        _mm512_store_si512(tiles, _mm512_permutexvar_epi16(interleave, both));
        tiles += 64;
      }
    }
  }
}

HALFTONE_INLINE void Store(const Product& product, size_t i, size_t first, __mmask16 mask, __m512 y) {
  if (product.bias) y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(mask, product.bias + first));
  _mm512_mask_storeu_ps(product.y + i * product.n + first, mask, y);
}

// Scales `ROWS` rows of a block's sums and adds them to y, [rows][32].
template <size_t ROWS>
HALFTONE_INLINE void Finish(const float* dots, const float* sa, __m512 first, __m512 second, float* y) {
#pragma GCC unroll 8
  for (size_t r = 0; r < ROWS; ++r) {
    const __m512 scale = _mm512_set1_ps(sa[r]);
    float* to = y + r * kPair;
    const __m512 left = _mm512_mul_ps(_mm512_load_ps(dots + r * 16), _mm512_mul_ps(scale, first));
    const __m512 right = _mm512_mul_ps(_mm512_load_ps(dots + 256 + r * 16), _mm512_mul_ps(scale, second));
    _mm512_store_ps(to, _mm512_add_ps(_mm512_load_ps(to), left));
    _mm512_store_ps(to + 16, _mm512_add_ps(_mm512_load_ps(to + 16), right));
  }
}

// Adds blocks [t0, t1) of 32 rows by a pair of panels to y [32][32]; while tiles sum a block up, vectors scale the one before.
template <bool TWO>
void CodesBlock(const Product& product, size_t i, size_t panel, size_t t0, size_t t1, const uint8_t* tiles, float* y) {
  const PackedBlocks& b = *product.b;
  const size_t steps = b.block / kTileDepth;
  tiles += t0 * steps * kTileBytes;
  const uint8_t* others = tiles + b.blocks * steps * kTileBytes;
  constexpr size_t kQuarter = TWO ? 8 : 4;
  const uint16_t* a = TileRow(product, i, t0 * steps);
  Dots dots[2];
  for (size_t t = t0; t <= t1; ++t) {
    const bool sums = t < t1;
    const size_t done = t > t0 ? t - 1 : t0;
    float* before = dots[(t + 1) % 2].tiles[0][0];
    float* now = dots[t % 2].tiles[0][0];
    const float* sa = product.row_scale + done * product.m_padded + i;
    const __m512 first = _mm512_load_ps(b.scales(b.record(panel, done)));
    const __m512 second = _mm512_load_ps(b.scales(b.record(panel + 1, done)));
    const auto finish = [&](size_t quarter) __attribute__((always_inline)) {
      const size_t r = quarter * kQuarter;
      if (t > t0) Finish<kQuarter>(before + r / 16 * 512 + r % 16 * 16, sa + r, first, second, y + r * kPair);
    };
    const auto upper = [&](size_t s) __attribute__((always_inline)) {
      _tile_loadd(4, a + s * kTileHalves, 64);
      _tile_loadd(6, tiles + s * kTileBytes, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_loadd(7, others + s * kTileBytes, 64);
      _tile_dpbf16ps(1, 4, 7);
    };
    const auto lower = [&](size_t s) __attribute__((always_inline)) {
      if constexpr (!TWO) return;
      _tile_loadd(5, a + s * kTileHalves + kTileHalves / 2, 64);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    };
    if (sums) {
      _tile_zero(0);
      _tile_zero(1);
      upper(0);
    }
    // The lower half of the rows ends later than the upper, so that tiles are stored while others sum.
    if (TWO && t > t0) {
      _tile_stored(2, before + 512, 64);
      _tile_stored(3, before + 768, 64);
    }
    finish(0);
    finish(1);
    if (sums) {
      _tile_zero(2);
      _tile_zero(3);
      lower(0);
      for (size_t s = 1; s < steps; ++s) {
        upper(s);
        lower(s);
      }
      _tile_stored(0, now, 64);
      _tile_stored(1, now + 256, 64);
    }
    finish(2);
    finish(3);
    a += steps * kTileHalves;
    tiles += steps * kTileBytes;
    others += steps * kTileBytes;
  }
}

// Thirty-two rows by a pair of panels over all of K.
template <bool TWO>
void HalvesBlock(const Product& product, size_t i, size_t rows, size_t panel, const uint8_t* tiles) {
  const size_t steps = RoundUp(product.b->k_padded, kTileDepth) / kTileDepth;
  const uint8_t* second = tiles + steps * kTileBytes;
  const uint16_t* a = TileRow(product, i, 0);
  alignas(64) float sums[4][256];
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (size_t s = 0; s < steps; ++s) {
    _tile_loadd(4, a + s * kTileHalves, 64);
    _tile_loadd(6, tiles + s * kTileBytes, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, second + s * kTileBytes, 64);
    _tile_dpbf16ps(1, 4, 7);
    if constexpr (TWO) {
      _tile_loadd(5, a + s * kTileHalves + kTileHalves / 2, 64);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, sums[0], 64);
  _tile_stored(1, sums[1], 64);
  if constexpr (TWO) {
    _tile_stored(2, sums[2], 64);
    _tile_stored(3, sums[3], 64);
  }
  const size_t first = panel * kPanel;
  const __mmask16 masks[2] = {ColumnMask(product, first), ColumnMask(product, first + kPanel)};
  for (size_t r = 0; r < rows; ++r)
    for (size_t half = 0; half < 2; ++half)
      Store(product, i + r, first + half * kPanel, masks[half], _mm512_load_ps(sums[r / 16 * 2 + half] + r % 16 * 16));
}

}  // namespace

// The steps of rows.inc; no sums of codes are wanted, since zero points are in the tiles.
void PrepareCodeHalves(const Product& product, size_t m0, size_t m1) {
  const PackedBlocks& b = *product.b;
  for (size_t i = m0; i < m1; ++i)
    for (size_t t = 0; t < b.blocks; ++t) {
      const float* a = product.a + i * product.k;
      const size_t first = t * b.block, end = first + b.block;
      const auto load = [&](size_t e) {
        const size_t count = e < b.k ? b.k - e : 0;
        return _mm512_maskz_loadu_ps(static_cast<__mmask16>(count < 16 ? (1u << count) - 1 : 0xffff), a + e);
      };
      __m512i most = _mm512_setzero_si512();
      for (size_t e = first; e < end; e += 16)
        most = _mm512_max_epu32(most, _mm512_and_si512(_mm512_castps_si512(load(e)), _mm512_set1_epi32(0x7fffffff)));
      const uint32_t largest = _mm512_reduce_max_epu32(most);
      float absmax;
      memcpy(&absmax, &largest, sizeof absmax);
      const bool finite = largest < 0x7f800000;
      const float r = 127.0f / absmax;
      product.row_scale[t * product.m_padded + i] = finite ? absmax / 127.0f : NAN;
      const __mmask16 some = finite && r <= FLT_MAX ? 0xffff : 0;
      const auto codes = [&](size_t e) {
        const __m512 scaled = _mm512_maskz_mul_ps(some, load(e), _mm512_set1_ps(r));
        return _mm512_roundscale_ps(scaled, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
      };
      uint16_t* to = TileRow(product, i, first / kTileDepth);
      for (size_t e = first; e < end; e += kTileDepth, to += kTileHalves) _mm512_store_si512(to, Pairs(codes(e), codes(e + 16)));
    }
}

void PrepareHalves(const Product& product, size_t m0, size_t m1) {
  for (size_t i = m0; i < m1; ++i) {
    const float* a = product.a + i * product.k;
    for (size_t e = 0; e < product.lda; e += 16) {
      const size_t count = e < product.k ? product.k - e : 0;
      const __m512 x = _mm512_maskz_loadu_ps(static_cast<__mmask16>(count < 16 ? (1u << count) - 1 : 0xffff), a + e);
      uint16_t* to = TileRow(product, i, e / kTileDepth) + e % kTileDepth;
      _mm256_store_si256(reinterpret_cast<__m256i*>(to), (__m256i)_mm512_cvtneps_pbh(x));
    }
  }
}

void CodesAmx(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1, uint8_t* scratch) {
  const Tiles configured;
  const PackedBlocks& b = *product.b;
  const auto expand = b.bits == 4 ? ExpandCodes<4> : ExpandCodes<8>;
  const size_t chunk = kChunk > b.block ? kChunk / b.block : 1;
  float* y = reinterpret_cast<float*>(scratch);
  uint8_t* tiles = scratch + kTileRows * kPair * sizeof(float);
  for (size_t panel = p0; panel < p1 && panel * kPanel < product.n; panel += 2) {
    expand(b, panel, tiles);
    expand(b, panel + 1, tiles + b.k_padded / kTileDepth * kTileBytes);
    const __mmask16 masks[2] = {ColumnMask(product, panel * kPanel), ColumnMask(product, (panel + 1) * kPanel)};
    for (size_t group = m0; group < m1; group += kTileRows) {
      const size_t end = group + kTileRows < m1 ? group + kTileRows : m1;
      memset(y, 0, kTileRows * kPair * sizeof(float));
      for (size_t t = 0; t < b.blocks; t += chunk)
        for (size_t i = group; i < end; i += kRowBlock) {
          const auto block = end - i > 16 ? CodesBlock<true> : CodesBlock<false>;
          block(product, i, panel, t, t + chunk < b.blocks ? t + chunk : b.blocks, tiles, y + (i - group) * kPair);
        }
      for (size_t i = group; i < end; ++i)
        for (size_t half = 0; half < 2; ++half)
          Store(product, i, (panel + half) * kPanel, masks[half], _mm512_load_ps(y + (i - group) * kPair + half * kPanel));
    }
  }
}

void HalvesAmx(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1, uint8_t* scratch) {
  const Tiles tiles;
  const size_t bytes = RoundUp(product.b->k_padded, kTileDepth) * kPanel * sizeof(uint16_t);
  const auto expand = product.b->bits == 4 ? ExpandWeights<4> : ExpandWeights<8>;
  // Behind a K that is no multiple of a tile there is half of one.
  memset(scratch, 0, 2 * bytes);
  for (size_t panel = p0; panel < p1 && panel * kPanel < product.n; panel += 2) {
    expand(*product.b, panel, scratch);
    expand(*product.b, panel + 1, scratch + bytes);
    for (size_t i = m0; i < m1; i += 32) {
      const size_t rows = m1 - i < 32 ? m1 - i : 32;
      rows > 16 ? HalvesBlock<true>(product, i, rows, panel, scratch) : HalvesBlock<false>(product, i, rows, panel, scratch);
    }
  }
}

}  // namespace halftone::blockgemm

#pragma GCC pop_options

#endif
