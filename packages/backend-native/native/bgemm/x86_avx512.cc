// AVX512-VPOPCNTDQ: bits of words are counted in place. Six rows by four vectors of sixteen columns: 24 counts in registers.
#if defined(__x86_64__)

#include <immintrin.h>

#include <utility>

#include "bgemm.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vpopcntdq")

#define HALFTONE_INLINE inline __attribute__((always_inline))

namespace halftone::bgemm {
namespace {

constexpr int kRows = 6;

// Places are constants of the compiler, so that each count has a register of its own.
template <int ROWS, int VECTORS>
class Tile {
 public:
  static HALFTONE_INLINE void Compute(const Product& product, size_t i, size_t n, size_t columns) {
    Tile(product, i, n).All(std::make_integer_sequence<int, ROWS>(), product, i, n, columns);
  }

 private:
  using Vectors = std::make_integer_sequence<int, VECTORS>;

  HALFTONE_INLINE Tile(const Product& product, size_t i, size_t n)
      : row_bytes_(RowBytes(product.k)),
        panel_words_(product.b->words * kPanel),
        a_(product.a + i * row_bytes_),
        panel_(product.b->panel(n / kPanel)) {}

  template <int... ROW>
  HALFTONE_INLINE void All(std::integer_sequence<int, ROW...>, const Product& product, size_t i, size_t n, size_t columns) {
    (Zero<ROW>(Vectors()), ...);
    const size_t whole = product.k / kWordBits;
    for (size_t word = 0; word < whole; ++word) {
      LoadB(Vectors(), word);
      (Row<ROW>(Vectors(), WordAt(ROW, word)), ...);
    }
    if (product.k % kWordBits) {
      LoadB(Vectors(), whole);
      (Row<ROW>(Vectors(), LastWord(a_ + ROW * row_bytes_, product.k)), ...);
    }
    (Finish<ROW>(Vectors(), product, i + ROW, n, columns), ...);
  }

  HALFTONE_INLINE uint32_t WordAt(int row, size_t word) const {
    uint32_t bits;
    memcpy(&bits, a_ + row * row_bytes_ + word * sizeof bits, sizeof bits);
    return bits;
  }

  template <int ROW, int... V>
  HALFTONE_INLINE void Zero(std::integer_sequence<int, V...>) {
    ((acc_[ROW][V] = _mm512_setzero_si512()), ...);
  }

  template <int... V>
  HALFTONE_INLINE void LoadB(std::integer_sequence<int, V...>, size_t word) {
    ((b_[V] = _mm512_load_si512(panel_ + V * panel_words_ + word * kPanel)), ...);
  }

  template <int ROW, int... V>
  HALFTONE_INLINE void Row(std::integer_sequence<int, V...>, uint32_t word) {
    const __m512i a = _mm512_set1_epi32(static_cast<int32_t>(word));
    ((acc_[ROW][V] = _mm512_add_epi32(acc_[ROW][V], _mm512_popcnt_epi32(_mm512_xor_si512(a, b_[V])))), ...);
  }

  template <int ROW, int... V>
  HALFTONE_INLINE void Finish(std::integer_sequence<int, V...>, const Product& product, size_t i, size_t n, size_t columns) {
    (Store(product, i, n + V * kPanel, columns > V * kPanel ? columns - V * kPanel : 0, acc_[ROW][V]), ...);
  }

  static HALFTONE_INLINE void Store(const Product& product, size_t i, size_t j, size_t columns, __m512i count) {
    const __mmask16 mask = columns >= kPanel ? 0xffff : static_cast<__mmask16>((1u << columns) - 1);
    const __m512i k = _mm512_set1_epi32(static_cast<int32_t>(product.k));
    _mm512_mask_storeu_epi32(product.y + i * product.n + j, mask, _mm512_sub_epi32(k, _mm512_slli_epi32(count, 1)));
  }

  size_t row_bytes_, panel_words_;
  const uint8_t* a_;
  const uint32_t* panel_;
  __m512i acc_[ROWS][VECTORS], b_[VECTORS];
};

template <int VECTORS, int ROWS>
inline void LastRows(size_t rows, const Product& product, size_t i, size_t n, size_t columns) {
  if (rows == ROWS)
    Tile<ROWS, VECTORS>::Compute(product, i, n, columns);
  else if constexpr (ROWS > 1)
    LastRows<VECTORS, ROWS - 1>(rows, product, i, n, columns);
}

template <int VECTORS>
void Columns(const Product& product, size_t m0, size_t m1, size_t n, size_t columns) {
  size_t i = m0;
  for (; i + kRows <= m1; i += kRows) Tile<kRows, VECTORS>::Compute(product, i, n, columns);
  if (i < m1) LastRows<VECTORS, kRows - 1>(m1 - i, product, i, n, columns);
}

}  // namespace

void Avx512Popcnt6x64(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t*) {
  for (size_t n = n0; n < n1; n += kColumnBlock) {
    const size_t columns = n1 - n < kColumnBlock ? n1 - n : kColumnBlock;
    if (columns > 32)
      Columns<4>(product, m0, m1, n, columns);
    else if (columns > 16)
      Columns<2>(product, m0, m1, n, columns);
    else
      Columns<1>(product, m0, m1, n, columns);
  }
}

}  // namespace halftone::bgemm

#pragma GCC pop_options

#endif
