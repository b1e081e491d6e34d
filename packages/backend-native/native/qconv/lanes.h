// Images of few channels: a window's codes are too few to fill a vector, so sixteen windows lie side by side in one, eight of a
// line and eight more. Each quad of a window's codes is picked out of the image and multiplied with the weights of every filter.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "../arch/cpu.h"
#include "../qgemm/qgemm.h"
#include "window.h"

namespace halftone::qconv {

// Filters whose sums are in registers at a time.
constexpr size_t kLaneFilters = 16;
// Windows of a line that a half of a vector has.
constexpr size_t kLaneWindows = 8;
// Codes from a window to the next at most: eight of them, and the quad of the last, come from one vector.
constexpr size_t kMostLaneStep = 8;

struct LaneImages {
  const Window* window;
  // With its border and unsigned codes.
  const uint8_t* image;
  // Codes from the first of a window to each of its quads.
  const size_t* quads;
  size_t count;
  // [filter / 16][quad][16 filters][4 codes]
  const int8_t* weights;
  size_t filters;
  qgemm::Epilogue epilogue;
  void* y;
};

// Halves of vectors that all windows fill.
inline size_t CountHalves(const Window& w) { return w.n * w.out_h * ((w.out_w + kLaneWindows - 1) / kLaneWindows); }

// Computes halves [first, last). Up to 64 codes behind the last window are read.
using LaneKernel = void (*)(const LaneImages& images, size_t first, size_t last);

// Null where no tier has one.
LaneKernel SelectLanes(uint32_t tiers);

}  // namespace halftone::qconv
