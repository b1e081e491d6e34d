// Largest and mean codes of windows. NHWC; the border is no element.
#pragma once

#include "../base/thread-pool.h"
#include "../loops/loops.h"
#include "window.h"

namespace halftone::qconv {

// y[n, oh, ow, c] = the largest code of the window, the lowest code for a window of border alone.
void MaxPool(const Window& window, const Loops& loops, const uint8_t* x, bool is_signed, uint8_t* y, unsigned thread,
             unsigned threads);

struct Average {
  bool x_signed;
  int32_t x_zero;
  // One for each count of elements.
  const float* multiplier;
  ToCodes to;
  // Whether the border counts as elements of the zero point.
  bool count_border;
};

// y[n, oh, ow, c] = codes(fround(fround(sum of (x - x_zero)) * multiplier[count - 1])). numerics 4.13
void AveragePool(const Window& window, const Loops& loops, const uint8_t* x, const Average& average, uint8_t* y,
                 unsigned thread, unsigned threads);

}  // namespace halftone::qconv
