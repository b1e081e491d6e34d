// Shares of a whole, on codes: d = max(x) - x; p = floor(table[d] * 2^22 / sum of table[d]); y = codes(p times the multiplier).
#pragma once

#include "loops.h"

namespace halftone {

struct Softmax {
  // Elements that share a whole, and elements from one of them to the next.
  size_t extent, inner;
  // Of 256 distances; from 0 to 2^30, the first more than 0.
  const int32_t* table;
  // What makes codes of x unsigned.
  uint8_t flip;
  int32_t multiplier, shift;
  FixedCodes to;
};

// Wholes [first, last), those of neighbours beside each other.
void SoftmaxOf(const Softmax& softmax, const uint8_t* x, uint8_t* y, size_t first, size_t last, const Loops& loops);

}  // namespace halftone
