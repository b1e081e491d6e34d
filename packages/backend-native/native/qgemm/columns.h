// What the columns of a product add to its sums and do with them: made anew at each run, since zero points may change.
#pragma once

#include "qgemm.h"

namespace halftone::qgemm {

// Operands of the way out, as they come.
struct WayOut {
  // Null where there is none.
  const int32_t* bias;
  const float* float_bias;
  const float* multiplier;
  // Of codes.
  int32_t zero, lo, hi;
};

class Columns {
 public:
  // Multipliers: one, or one a column. False where there is no memory.
  bool Reserve(size_t n, bool multiplier_per_column, Output output);

  // column[j] = factor * sums[j] + constant * zero(j) + bias[j] modulo 2^32; `zeros` has one, or one a column, or is null.
  // Row sums are left out.
  Epilogue Prepare(const int32_t* sums, uint32_t factor, uint32_t constant, const int32_t* zeros, bool zero_per_column,
                   const WayOut& way_out);

  // Zero points of columns, padded, to be filled before Prepare.
  int32_t* zeros() { return zeros_; }

 private:
  size_t n_ = 0;
  bool multiplier_per_column_ = false;
  Output output_ = Output::kInt32;
  Buffer column_buffer_, zero_buffer_, multiplier_buffer_, bias_buffer_;
  int32_t *column_ = nullptr, *zeros_ = nullptr;
  float *multiplier_ = nullptr, *float_bias_ = nullptr;
};

}  // namespace halftone::qgemm
