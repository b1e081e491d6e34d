// Elements of any type at other places.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "loops.h"

namespace halftone {

// An axis of the result: how many there are, and elements of x from one to the next.
struct Axis {
  size_t extent, stride;
};

constexpr size_t kMostAxes = 8;

// y, dense, from elements of 1, 2, 4 or 8 bytes: those of the outermost axis from `first` to `last`. At least one axis.
void Transpose(const void* x, void* y, size_t element_bytes, const Axis* axes, size_t count, size_t first, size_t last,
               const Loops& loops);

}  // namespace halftone
