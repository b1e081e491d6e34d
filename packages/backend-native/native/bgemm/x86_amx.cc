// AMX has products of bytes alone, but more of them a cycle than vectors count bits: signs become bytes of 1 and -1 on their
// way. Columns do so once for all rows, and stay in the second cache; a chunk of rows does it where the product copies it.
#if defined(__x86_64__)

#include <immintrin.h>

#include "bgemm.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq")

namespace halftone::qgemm {

void Amx32x32(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t* scratch);

}  // namespace halftone::qgemm

namespace halftone::bgemm {
namespace {

// So many sums push the columns out of the second cache.
constexpr size_t kPastCaches = size_t{1} << 19;

bool IsAligned(const void* data) { return reinterpret_cast<uintptr_t>(data) % kAlignment == 0; }

constexpr size_t Padded(size_t k) { return RoundUp(k, qgemm::kDepthBlock); }

// What of a thread's scratch lies where.
struct Scratch {
  explicit Scratch(size_t k)
      : columns(qgemm::MostColumns(Padded(k)) * Padded(k)),
        zeros(columns + sizeof(int32_t) * qgemm::MostColumns(Padded(k))),
        all(zeros + qgemm::ScratchBytes(Padded(k))) {}
  // Ends of the columns, and of the terms that are added to them; the product's own scratch comes last.
  size_t columns, zeros, all;
};

// A panel of words becomes one of bytes: rows of four signs of each of sixteen columns.
void ExpandPanel(const uint32_t* words, size_t count, uint8_t* to) {
  const __m512i one = _mm512_set1_epi8(1), minus = _mm512_set1_epi8(-1);
  // Of each word the first byte, four times; the others have places that are higher by 1.
  const __m512i first = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12));
  const __m512i low = _mm512_set1_epi32(0x08040201), high = _mm512_set1_epi32(static_cast<int32_t>(0x80402010));
  for (size_t word = 0; word < count; ++word) {
    const __m512i bits = _mm512_load_si512(words + word * kPanel);
    for (int byte = 0; byte < 4; ++byte, to += 128) {
      const __m512i four = _mm512_shuffle_epi8(bits, _mm512_add_epi8(first, _mm512_set1_epi8(static_cast<char>(byte))));
      _mm512_store_si512(to, _mm512_mask_blend_epi8(_mm512_test_epi8_mask(four, low), one, minus));
      _mm512_store_si512(to + 64, _mm512_mask_blend_epi8(_mm512_test_epi8_mask(four, high), one, minus));
    }
  }
}

// Signs [depth, depth + count) of a row, up to the next whole step; behind them are zeros, so that what columns have there does
// not count. depth is a multiple of 8.
void ExpandRow(const uint8_t* row, size_t depth, size_t count, uint8_t* to) {
  const __m512i one = _mm512_set1_epi8(1), minus = _mm512_set1_epi8(-1);
  row += depth / 8;
  size_t at = 0;
  for (; at + 64 <= count; at += 64) {
    uint64_t bits;
    memcpy(&bits, row + at / 8, sizeof bits);
    _mm512_store_si512(to + at, _mm512_mask_blend_epi8(bits, one, minus));
  }
  if (at == count) return;
  uint64_t bits = 0;
  memcpy(&bits, row + at / 8, RowBytes(count - at));
  const __mmask64 there = (uint64_t{1} << (count - at)) - 1;
  _mm512_store_si512(to + at, _mm512_maskz_mov_epi8(there, _mm512_mask_blend_epi8(bits, one, minus)));
}

}  // namespace

size_t AmxScratch(size_t k) { return Scratch(k).all; }

void Amx32x32(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t* scratch) {
  const Scratch places(product.k);
  int32_t* const zeros = reinterpret_cast<int32_t*>(scratch + places.columns);
  memset(zeros, 0, places.zeros - places.columns);
  const size_t count = n1 - n0, k_padded = Padded(product.k);
  const size_t panels = RoundUp(count, kColumnBlock) / kPanel;
  for (size_t panel = 0; panel < panels; ++panel)
    ExpandPanel(product.b->panel(n0 / kPanel + panel), product.b->words, scratch + panel * kPanel * k_padded);
  qgemm::PackedB columns;
  columns.layout = qgemm::Layout::kQuads;
  columns.b_signed = true;
  columns.n = count;
  columns.k = product.k;
  columns.n_padded = panels * kPanel;
  columns.k_padded = k_padded;
  columns.data = scratch;
  qgemm::Product bytes = {};
  bytes.a = product.a;
  bytes.lda = RowBytes(product.k);
  bytes.decode = ExpandRow;
  bytes.a_signed = true;
  bytes.b = &columns;
  bytes.m = product.m;
  bytes.n = count;
  bytes.k = product.k;
  bytes.y = product.y + n0;
  bytes.ldy = product.n;
  bytes.epilogue.output = qgemm::Output::kInt32;
  bytes.epilogue.column = zeros;
  bytes.epilogue.stream = product.n % kColumnBlock == 0 && IsAligned(product.y) && product.m * product.n >= kPastCaches;
  qgemm::Amx32x32(bytes, m0, m1, 0, count, scratch + places.zeros);
}

}  // namespace halftone::bgemm

#pragma GCC pop_options

#endif
