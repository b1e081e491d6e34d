#include <string.h>

#include "qgemm.h"

namespace halftone::qgemm {
namespace {

// Codes of a panel of sixteen columns, GROUP of a column side by side. Padding stays 0.
template <typename Code, typename Stored, size_t GROUP>
void PackPanel(Stored* out, const Code* codes, size_t column_stride, size_t depth_stride, size_t columns, size_t k) {
  for (size_t depth = 0; depth < k; ++depth) {
    Stored* group = out + depth / GROUP * kPanel * GROUP + depth % GROUP;
    const Code* from = codes + depth * depth_stride;
    for (size_t column = 0; column < columns; ++column)
      group[column * GROUP] = static_cast<Stored>(from[column * column_stride]);
  }
}

template <typename Code>
void PackAll(PackedB* packed, const Code* codes, bool transposed) {
  const size_t column_stride = transposed ? packed->k : 1;
  const size_t depth_stride = transposed ? 1 : packed->n;
  for (size_t first = 0; first < packed->n; first += kPanel) {
    const size_t columns = packed->n - first < kPanel ? packed->n - first : kPanel;
    const Code* from = codes + first * column_stride;
    const size_t place = first * packed->k_padded;
    if (packed->layout == Layout::kQuads)
      PackPanel<Code, uint8_t, 4>(static_cast<uint8_t*>(const_cast<void*>(packed->data)) + place, from, column_stride,
                                  depth_stride, columns, packed->k);
    else
      PackPanel<Code, int16_t, 2>(static_cast<int16_t*>(const_cast<void*>(packed->data)) + place, from, column_stride,
                                  depth_stride, columns, packed->k);
  }
  uint32_t* sums = reinterpret_cast<uint32_t*>(const_cast<int32_t*>(packed->column_sums));
  for (size_t depth = 0; depth < packed->k; ++depth)
    for (size_t column = 0; column < packed->n; ++column)
      sums[column] += static_cast<uint32_t>(static_cast<int32_t>(codes[column * column_stride + depth * depth_stride]));
}

}  // namespace

bool Pack(PackedB* packed, Layout layout, const uint8_t* codes, bool b_signed, size_t n, size_t k, bool transposed) {
  packed->layout = layout;
  packed->b_signed = b_signed;
  packed->n = n;
  packed->k = k;
  packed->n_padded = RoundUp(n, kColumnBlock);
  packed->k_padded = RoundUp(k, kDepthBlock);
  size_t count, bytes;
  if (!CheckedMultiply(packed->n_padded, packed->k_padded, &count)) return false;
  if (!CheckedMultiply(count, layout == Layout::kQuads ? 1 : 2, &bytes)) return false;
  packed->data = packed->codes.Reserve(bytes);
  packed->column_sums = packed->sums.ReserveOf<int32_t>(packed->n_padded);
  if (!packed->data || !packed->column_sums) return false;
  memset(const_cast<void*>(packed->data), 0, bytes);
  memset(const_cast<int32_t*>(packed->column_sums), 0, packed->n_padded * sizeof(int32_t));
  if (b_signed)
    PackAll(packed, reinterpret_cast<const int8_t*>(codes), transposed);
  else
    PackAll(packed, codes, transposed);
  return true;
}

}  // namespace halftone::qgemm
