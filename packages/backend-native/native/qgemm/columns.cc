#include "columns.h"

#include <string.h>

#include <algorithm>

namespace halftone::qgemm {
namespace {

// Padding of columns is computed with, and thrown away.
template <typename T>
bool ReserveZeroed(Buffer* buffer, size_t count, T** data) {
  *data = buffer->ReserveOf<T>(count);
  if (!*data) return false;
  memset(static_cast<void*>(*data), 0, count * sizeof(T));
  return true;
}

}  // namespace

bool Columns::Reserve(size_t n, bool multiplier_per_column, Output output) {
  n_ = n;
  multiplier_per_column_ = multiplier_per_column;
  output_ = output;
  // A block may begin at any column.
  const size_t padded = RoundUp(n, kColumnBlock) + kColumnBlock;
  return ReserveZeroed(&column_buffer_, padded, &column_) && ReserveZeroed(&zero_buffer_, padded, &zeros_) &&
         ReserveZeroed(&multiplier_buffer_, padded, &multiplier_) &&
         ReserveZeroed(&bias_buffer_, padded, &float_bias_);
}

Epilogue Columns::Prepare(const int32_t* sums, uint32_t factor, uint32_t constant, const int32_t* zeros,
                          bool zero_per_column, const WayOut& way_out) {
  for (size_t j = 0; j < n_; ++j) {
    uint32_t value = factor * static_cast<uint32_t>(sums[j]);
    if (zeros) value += constant * static_cast<uint32_t>(zeros[zero_per_column ? j : 0]);
    if (way_out.bias) value += static_cast<uint32_t>(way_out.bias[j]);
    column_[j] = static_cast<int32_t>(value);
  }
  if (way_out.multiplier) {
    if (multiplier_per_column_)
      memcpy(multiplier_, way_out.multiplier, n_ * sizeof(float));
    else
      std::fill(multiplier_, multiplier_ + n_, way_out.multiplier[0]);
  }
  if (way_out.float_bias) memcpy(float_bias_, way_out.float_bias, n_ * sizeof(float));
  Epilogue epilogue = {};
  epilogue.output = output_;
  epilogue.column = column_;
  epilogue.multiplier = multiplier_;
  epilogue.float_bias = way_out.float_bias ? float_bias_ : nullptr;
  epilogue.lo = static_cast<float>(way_out.lo - way_out.zero);
  epilogue.hi = static_cast<float>(way_out.hi - way_out.zero);
  epilogue.zero = way_out.zero;
  return epilogue;
}

}  // namespace halftone::qgemm
