// AMX: 32 x 32 sums in four tiles, two tiles of A and two of B a step of 64 codes. The way out of a block is worked off
// between the steps of the next one, since tiles and vectors compute side by side.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "../arch/x86_tiles.h"
#include "qgemm.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,amx-tile,amx-int8")

#include "x86_finish512.inc"

namespace halftone::qgemm {
namespace {

constexpr size_t kRows = kRowBlock;
constexpr size_t kColumns = 32;
// Where the rows of A that a block works on take more than this of the first cache, B passes by without staying in it.
constexpr size_t kResident = 8 << 10;
// Rows this many bytes apart share their places in the first cache.
constexpr size_t kBadStride = 2048;

template <bool A_SIGNED, bool B_SIGNED>
struct Multiply;

#define HALFTONE_MULTIPLY(a_signed, b_signed, instruction)                    \
  template <>                                                                 \
  struct Multiply<a_signed, b_signed> {                                       \
    template <int ROW>                                                        \
    static inline __attribute__((always_inline)) void Both();                 \
  };                                                                          \
  template <>                                                                 \
  inline __attribute__((always_inline)) void Multiply<a_signed, b_signed>::Both<0>() { \
    instruction(0, 4, 6);                                                     \
    instruction(1, 4, 7);                                                     \
  }                                                                           \
  template <>                                                                 \
  inline __attribute__((always_inline)) void Multiply<a_signed, b_signed>::Both<1>() { \
    instruction(2, 5, 6);                                                     \
    instruction(3, 5, 7);                                                     \
  }
HALFTONE_MULTIPLY(true, true, _tile_dpbssd)
HALFTONE_MULTIPLY(true, false, _tile_dpbsud)
HALFTONE_MULTIPLY(false, true, _tile_dpbusd)
HALFTONE_MULTIPLY(false, false, _tile_dpbuud)
#undef HALFTONE_MULTIPLY

// A block whose sums are stored and wait to be finished.
struct Pending {
  const int32_t* sums;
  size_t i, n, rows, columns;
  size_t done;
};

template <class FINISH>
inline __attribute__((always_inline)) void FinishRows(const Product& product, Pending* pending, size_t count) {
  const __mmask16 first = ColumnMask(pending->columns);
  const __mmask16 second = ColumnMask(pending->columns > 16 ? pending->columns - 16 : 0);
  const size_t end = pending->done + count < pending->rows ? pending->done + count : pending->rows;
  const int32_t* places = product.patches ? product.patches->places : nullptr;
  for (; pending->done < end; ++pending->done) {
    const int32_t* row = pending->sums + pending->done * kColumns;
    size_t i = pending->i + pending->done;
    if (places) {
      if (places[i] < 0) continue;
      i = static_cast<size_t>(places[i]);
    }
    FINISH::Do(product, i, pending->n, first, _mm512_load_si512(row));
    FINISH::Do(product, i, pending->n + 16, second, _mm512_load_si512(row + 16));
  }
}

// Rows of A as tiles read them: two times sixteen, whole steps of 64 codes.
struct Rows {
  const uint8_t* half[2];
  size_t stride;
  // Bytes from a row to each of its steps.
  const uint32_t* steps;
};

constexpr uint32_t kSteps[kDepthChunk / kDepthBlock] = {0,   64,  128, 192, 256, 320, 384, 448,
                                                        512, 576, 640, 704, 768, 832, 896, 960};

// Codes [depth, depth + count) of rows [i, i + rows), copied where tiles cannot read them in their place.
Rows RowsOf(const Product& product, size_t i, size_t rows, size_t depth, size_t count, uint8_t* scratch) {
  const uint8_t* a = static_cast<const uint8_t*>(product.a);
  if (const Patches* patches = product.patches) {
    const size_t* starts = patches->rows + i / 16;
    return {{a + starts[0], a + starts[1]}, patches->row_stride, patches->blocks + depth / kDepthBlock};
  }
  const size_t padded = RoundUp(count, kDepthBlock);
  const size_t stride = padded + 64;
  const Rows copied = {{scratch, scratch + 16 * stride}, stride, kSteps};
  a += i * product.lda;
  if (product.decode) {
    for (size_t r = 0; r < rows; ++r) product.decode(a + r * product.lda, depth, count, scratch + r * stride);
    return copied;
  }
  a += depth;
  if (count == padded && rows % 16 == 0 && product.lda % kBadStride != 0)
    return {{a, a + 16 * product.lda}, product.lda, kSteps};
  for (size_t r = 0; r < rows; ++r) {
    uint8_t* to = scratch + r * stride;
    memcpy(to, a + r * product.lda, count);
    // B is 0 there; what A holds must only not be somebody else's memory.
    memset(to + count, 0, padded - count);
  }
  return copied;
}

// Sums of 32 columns over a chunk of codes; `more` adds to what is there.
template <class FINISH, bool A_SIGNED, bool B_SIGNED, bool TWO, bool STREAM>
void Block32(const Product& product, const Rows& a, const uint8_t* b0,
                                                   const uint8_t* b1, size_t steps, bool more, int32_t* sums,
                                                   Pending* pending) {
  constexpr size_t kBytes = sizeof(int32_t) * kColumns;
  if (more) {
    _tile_loadd(0, sums, kBytes);
    _tile_loadd(1, sums + 16, kBytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
  }
  if constexpr (TWO) {
    if (more) {
      _tile_loadd(2, sums + 16 * kColumns, kBytes);
      _tile_loadd(3, sums + 16 * kColumns + 16, kBytes);
    } else {
      _tile_zero(2);
      _tile_zero(3);
    }
  }
  const size_t rows_a_step = (kRows + steps - 1) / steps;
  for (size_t step = 0; step < steps; ++step) {
    const size_t at = step * 16 * kDepthBlock;
    _tile_loadd(4, a.half[0] + a.steps[step], a.stride);
    if constexpr (STREAM) {
      _tile_stream_loadd(6, b0 + at, 64);
      _tile_stream_loadd(7, b1 + at, 64);
    } else {
      _tile_loadd(6, b0 + at, 64);
      _tile_loadd(7, b1 + at, 64);
    }
    Multiply<A_SIGNED, B_SIGNED>::template Both<0>();
    if constexpr (TWO) {
      _tile_loadd(5, a.half[1] + a.steps[step], a.stride);
      Multiply<A_SIGNED, B_SIGNED>::template Both<1>();
    }
    FinishRows<FINISH>(product, pending, rows_a_step);
  }
  FinishRows<FINISH>(product, pending, kRows);
  _tile_stored(0, sums, kBytes);
  _tile_stored(1, sums + 16, kBytes);
  if constexpr (TWO) {
    _tile_stored(2, sums + 16 * kColumns, kBytes);
    _tile_stored(3, sums + 16 * kColumns + 16, kBytes);
  }
}

template <class FINISH>
struct Block {
  template <bool A_SIGNED, bool B_SIGNED>
  static void RunAs(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t* scratch) {
    alignas(64) int32_t two[2][kRows * kColumns];
    const size_t depth_padded = product.b->k_padded;
    const bool chunks = depth_padded > kDepthChunk;
    // Sums of all columns, where they wait for the next chunk; else the two blocks at work.
    int32_t* const all = reinterpret_cast<int32_t*>(scratch + kRows * (kDepthChunk + 64));
    Pending pending = {two[1], 0, 0, 0, 0, 0};
    int next = 0;
    const Tiles tiles;
    for (size_t i = m0; i < m1; i += kRows) {
      const size_t rows = m1 - i < kRows ? m1 - i : kRows;
      for (size_t depth = 0; depth < depth_padded; depth += kDepthChunk) {
        const bool last = depth + kDepthChunk >= depth_padded;
        const size_t count = last ? product.k - depth : kDepthChunk;
        const size_t padded = RoundUp(count, kDepthBlock);
        const Rows a = RowsOf(product, i, rows, depth, count, scratch);
        const bool stream = kRows * padded > kResident;
        for (size_t n = n0; n < n1; n += kColumns) {
          const uint8_t* b0 = product.b->panel_bytes(n / kPanel) + depth * kPanel;
          const uint8_t* b1 = product.b->panel_bytes(n / kPanel + 1) + depth * kPanel;
          int32_t* sums = chunks ? all + (n - n0) * kRows : two[next];
          const auto block = rows <= 16 ? Block32<FINISH, A_SIGNED, B_SIGNED, false, true>
                             : stream   ? Block32<FINISH, A_SIGNED, B_SIGNED, true, true>
                                        : Block32<FINISH, A_SIGNED, B_SIGNED, true, false>;
          block(product, a, b0, b1, padded / kDepthBlock, depth > 0, sums, &pending);
          if (!last) continue;
          pending = {sums, i, n, rows, n1 - n < kColumns ? n1 - n : kColumns, 0};
          next ^= 1;
        }
      }
      // The next rows will write their sums over those that wait.
      if (chunks) FinishRows<FINISH>(product, &pending, kRows);
    }
    FinishRows<FINISH>(product, &pending, kRows);
  }

  static void Run(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t* scratch) {
    if (product.b->b_signed)
      product.a_signed ? RunAs<true, true>(product, m0, m1, n0, n1, scratch) : RunAs<false, true>(product, m0, m1, n0, n1, scratch);
    else
      product.a_signed ? RunAs<true, false>(product, m0, m1, n0, n1, scratch) : RunAs<false, false>(product, m0, m1, n0, n1, scratch);
  }
};

}  // namespace

void Amx32x32(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t* scratch) {
  WithFinish<Block>(product, m0, m1, n0, n1, scratch);
}

}  // namespace halftone::qgemm

#pragma GCC pop_options

#endif
