// Plain C++ over pairs of int16: correct on any CPU, and what every other kernel is compared with.
#include "epilogue.inc"

namespace halftone::qgemm {
namespace {

constexpr size_t kRows = 4;

template <size_t ROWS>
void Tile(const Product& product, size_t i, size_t n, size_t columns) {
  const int16_t* a = static_cast<const int16_t*>(product.a) + i * product.lda;
  const int16_t* panel = product.b->panel_pairs(n / kPanel);
  const size_t pairs = (product.k + 1) / 2;
  uint32_t acc[ROWS][kPanel] = {};
  for (size_t p = 0; p < pairs; ++p) {
    const int16_t* b = panel + p * 2 * kPanel;
    for (size_t r = 0; r < ROWS; ++r) {
      // Rows of A are padded to whole pairs. One load: GCC 12 makes strided vectors of two, and reads rows that are not there.
      int32_t pair;
      memcpy(&pair, a + r * product.lda + 2 * p, sizeof pair);
      const int32_t first = static_cast<int16_t>(pair);
      const int32_t second = pair >> 16;
      for (size_t c = 0; c < kPanel; ++c) acc[r][c] += static_cast<uint32_t>(first * b[2 * c] + second * b[2 * c + 1]);
    }
  }
  for (size_t r = 0; r < ROWS; ++r) FinishRow(product, i + r, n, columns, reinterpret_cast<const int32_t*>(acc[r]));
}

}  // namespace

void Scalar4x16(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t*) {
  for (size_t n = n0; n < n1; n += kPanel) {
    const size_t columns = n1 - n < kPanel ? n1 - n : kPanel;
    size_t i = m0;
    for (; i + kRows <= m1; i += kRows) Tile<kRows>(product, i, n, columns);
    for (; i < m1; ++i) Tile<1>(product, i, n, columns);
  }
}

}  // namespace halftone::qgemm
