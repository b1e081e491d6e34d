// values = the k largest (smallest) elements of each line in order; of equal ones those of the lowest indices, the lowest first.
// NaN is larger than every number and equal to NaN, and both zeros are equal.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "loops.h"

namespace halftone {

enum class ElementKind : uint8_t { kUint8, kInt8, kInt32, kFloat32 };

constexpr size_t SizeOf(ElementKind kind) { return kind == ElementKind::kUint8 || kind == ElementKind::kInt8 ? 1 : 4; }

// The tensor as [outer, extent, inner], searched along the middle; k <= extent < 2^31.
struct TopKShape {
  size_t outer, extent, inner, k;
  bool largest;
  ElementKind kind;

  size_t lines() const { return outer * inner; }
};

// Searches lines [first, last); `kept` is the thread's, k entries.
void TopK(const TopKShape& shape, const Loops& loops, const void* x, void* values, int32_t* indices, int64_t* kept, size_t first,
          size_t last);

}  // namespace halftone
