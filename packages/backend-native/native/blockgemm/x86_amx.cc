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

#include "rows.inc"

#define HALFTONE_INLINE inline __attribute__((always_inline))

namespace halftone::blockgemm {
namespace {

constexpr size_t kTileBytes = 1024;
constexpr size_t kTileDepth = 32;

// Zero points of a block's columns as words of 32 bits.
HALFTONE_INLINE __m512i Zeros(const PackedBlocks& b, size_t panel, size_t t) {
  if (b.one_zero) return _mm512_set1_epi32(b.zero);
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(b.zeros_at(panel, t))));
}

HALFTONE_INLINE __m512i BothHalves(__m512i words) { return _mm512_or_si512(words, _mm512_slli_epi32(words, 16)); }

// bfloat16 of i - 15, for the difference of a nibble and its zero point.
struct alignas(64) Differences {
  uint16_t values[32];
  constexpr Differences() : values() {
    for (int i = 0; i < 32; ++i) {
      const int difference = i - 15;
      const int size = difference < 0 ? -difference : difference;
      int exponent = 0;
      while (size >> (exponent + 1)) ++exponent;
      const int fraction = size ? (size << (7 - exponent)) & 0x7f : 0;
      values[i] = static_cast<uint16_t>((difference < 0 ? 0x8000 : 0) | (size ? (127 + exponent) << 7 : 0) | fraction);
    }
  }
};
constexpr Differences kDifferences;

// Integers in the halves of words as bfloat16; exact up to 256.
HALFTONE_INLINE __m512i HalvesOf(__m512i integers) {
  const __m512 first = _mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(integers, 16), 16));
  const __m512 second = _mm512_cvtepi32_ps(_mm512_srai_epi32(integers, 16));
  return _mm512_or_si512(_mm512_srli_epi32(_mm512_castps_si512(first), 16),
                         _mm512_and_si512(_mm512_castps_si512(second), _mm512_set1_epi32(~0xffff)));
}

// A panel as tiles of centred codes.
template <size_t BITS>
void ExpandCodes(const PackedBlocks& b, size_t panel, uint8_t* tiles) {
  const __m512i table = _mm512_load_si512(kDifferences.values);
  for (size_t t = 0; t < b.blocks; ++t) {
    const uint8_t* record = b.record(panel, t);
    const __m512i zero = BothHalves(Zeros(b, panel, t));
    const __m512i start = _mm512_sub_epi16(_mm512_set1_epi16(15), zero);
    for (size_t v = 0; v < b.block * BITS / 32; ++v) {
      const __m512i x = _mm512_load_si512(record + v * 64);
      for (int pair = 0; pair < 16 / static_cast<int>(BITS); ++pair) {
        const __m512i codes =
            _mm512_and_si512(_mm512_srli_epi16(x, static_cast<unsigned>(pair * BITS)), _mm512_set1_epi16(BITS == 4 ? 15 : 255));
        const __m512i halves = BITS == 4 ? _mm512_permutexvar_epi16(_mm512_add_epi16(codes, start), table)
                                         : HalvesOf(_mm512_sub_epi16(codes, zero));
        _mm512_store_si512(tiles, halves);
        tiles += 64;
      }
    }
  }
}

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

HALFTONE_INLINE __mmask16 ColumnMask(const Product& product, size_t first) {
  if (first >= product.n) return 0;
  return static_cast<__mmask16>(product.n - first < 16 ? (1u << (product.n - first)) - 1 : 0xffff);
}

HALFTONE_INLINE void Store(const Product& product, size_t i, size_t first, __mmask16 mask, __m512 y) {
  if (product.bias) y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(mask, product.bias + first));
  _mm512_mask_storeu_ps(product.y + i * product.n + first, mask, y);
}

const uint16_t* RowOf(const Product& product, size_t i) { return static_cast<const uint16_t*>(product.rows) + i * product.lda; }

// The exact sums of a block of K, sixteen rows by sixteen columns, in tile `TILE`.
template <int TILE>
HALFTONE_INLINE void SumBlock(const uint16_t* a, size_t stride, const uint8_t* tiles, size_t steps, float* dots) {
  const auto step = [&](size_t s) {
    _tile_loadd(4, a + s * kTileDepth, stride);
    _tile_loadd(6, tiles + s * kTileBytes, 64);
  };
  if constexpr (TILE == 0) {
    _tile_zero(0);
    for (size_t s = 0; s < steps; ++s) {
      step(s);
      _tile_dpbf16ps(0, 4, 6);
    }
    _tile_stored(0, dots, 64);
  } else {
    _tile_zero(1);
    for (size_t s = 0; s < steps; ++s) {
      step(s);
      _tile_dpbf16ps(1, 4, 6);
    }
    _tile_stored(1, dots, 64);
  }
}

void CodesBlock(const Product& product, size_t i, size_t rows, size_t panel, const uint8_t* tiles) {
  const PackedBlocks& b = *product.b;
  const size_t steps = b.block / kTileDepth;
  const size_t stride = product.lda * sizeof(uint16_t);
  const uint16_t* a = RowOf(product, i);
  alignas(64) float dots[2][256];
  __m512 y[16];
  for (__m512& sum : y) sum = _mm512_setzero_ps();
  const auto finish = [&](size_t t, const float* dot) __attribute__((always_inline)) {
    const __m512 scale = _mm512_load_ps(b.scales(b.record(panel, t)));
    const float* sa = product.row_scale + t * product.m_padded + i;
    for (size_t r = 0; r < 16; ++r)
      y[r] = _mm512_add_ps(y[r], _mm512_mul_ps(_mm512_load_ps(dot + 16 * r), _mm512_mul_ps(_mm512_set1_ps(sa[r]), scale)));
  };
  // While tiles sum a block up, the one before is scaled.
  for (size_t t = 0; t < b.blocks; t += 2) {
    SumBlock<0>(a + t * b.block, stride, tiles + t * steps * kTileBytes, steps, dots[0]);
    if (t > 0) finish(t - 1, dots[1]);
    if (t + 1 < b.blocks) SumBlock<1>(a + (t + 1) * b.block, stride, tiles + (t + 1) * steps * kTileBytes, steps, dots[1]);
    finish(t, dots[0]);
  }
  if (b.blocks > 0 && b.blocks % 2 == 0) finish(b.blocks - 1, dots[1]);
  const size_t first = panel * kPanel;
  const __mmask16 mask = ColumnMask(product, first);
  for (size_t r = 0; r < 16; ++r)
    if (r < rows) Store(product, i + r, first, mask, y[r]);
}

// Thirty-two rows by a pair of panels over all of K.
template <bool TWO>
void HalvesBlock(const Product& product, size_t i, size_t rows, size_t panel, const uint8_t* tiles) {
  const size_t steps = RoundUp(product.b->k_padded, kTileDepth) / kTileDepth;
  const size_t stride = product.lda * sizeof(uint16_t);
  const uint8_t* second = tiles + steps * kTileBytes;
  const uint16_t* a = RowOf(product, i);
  alignas(64) float sums[4][256];
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (size_t s = 0; s < steps; ++s) {
    _tile_loadd(4, a + s * kTileDepth, stride);
    _tile_loadd(6, tiles + s * kTileBytes, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, second + s * kTileBytes, 64);
    _tile_dpbf16ps(1, 4, 7);
    if constexpr (TWO) {
      _tile_loadd(5, a + 16 * product.lda + s * kTileDepth, stride);
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

void PrepareCodeHalves(const Product& product, size_t m0, size_t m1) {
  for (size_t i = m0; i < m1; ++i) {
    uint16_t* row = static_cast<uint16_t*>(product.rows) + i * product.lda;
    const size_t block = product.b->block;
    QuantizeRow(product, i, [&](size_t t, const int8_t* q) {
      for (size_t e = 0; e < block; ++e) {
        const float code = q[e];
        uint32_t bits;
        memcpy(&bits, &code, sizeof bits);
        row[t * block + e] = static_cast<uint16_t>(bits >> 16);
      }
    });
  }
}

void PrepareHalves(const Product& product, size_t m0, size_t m1) {
  for (size_t i = m0; i < m1; ++i) {
    uint16_t* row = static_cast<uint16_t*>(product.rows) + i * product.lda;
    const float* a = product.a + i * product.k;
    for (size_t e = 0; e < product.k; e += 16) {
      const __mmask16 mask = static_cast<__mmask16>(product.k - e < 16 ? (1u << (product.k - e)) - 1 : 0xffff);
      _mm256_mask_storeu_epi16(row + e, mask, (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, a + e)));
    }
    memset(row + product.k, 0, (RoundUp(product.b->k_padded, kTileDepth) - product.k) * sizeof(uint16_t));
  }
}

void CodesAmx(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1, uint8_t* scratch) {
  const Tiles tiles;
  for (size_t panel = p0; panel < p1 && panel * kPanel < product.n; ++panel) {
    product.b->bits == 4 ? ExpandCodes<4>(*product.b, panel, scratch) : ExpandCodes<8>(*product.b, panel, scratch);
    for (size_t i = m0; i < m1; i += 16) CodesBlock(product, i, m1 - i < 16 ? m1 - i : 16, panel, scratch);
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
