// Plain C++ over pairs of int16: correct on any CPU, and what every other kernel is compared with.
#include "epilogue.inc"

namespace halftone::qgemm {

void Scalar4x16(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t*) {
  constexpr size_t kRows = 4;
  const int16_t* a = static_cast<const int16_t*>(product.a);
  const size_t pairs = (product.k + 1) / 2;
  for (size_t n = n0; n < n1; n += kPanel) {
    const int16_t* panel = product.b->panel_pairs(n / kPanel);
    const size_t columns = n1 - n < kPanel ? n1 - n : kPanel;
    for (size_t i = m0; i < m1; i += kRows) {
      const size_t rows = m1 - i < kRows ? m1 - i : kRows;
      uint32_t acc[kRows][kPanel] = {};
      for (size_t p = 0; p < pairs; ++p) {
        const int16_t* b = panel + p * 2 * kPanel;
        for (size_t r = 0; r < rows; ++r) {
          // Rows of A are padded to whole pairs.
          const int32_t first = a[(i + r) * product.lda + 2 * p];
          const int32_t second = a[(i + r) * product.lda + 2 * p + 1];
          for (size_t c = 0; c < kPanel; ++c)
            acc[r][c] += static_cast<uint32_t>(first * b[2 * c] + second * b[2 * c + 1]);
        }
      }
      for (size_t r = 0; r < rows; ++r)
        FinishRow(product, i + r, n, columns, reinterpret_cast<const int32_t*>(acc[r]));
    }
  }
}

}  // namespace halftone::qgemm
