#include "move.h"

#include <string.h>

namespace halftone {
namespace {

// Where the innermost axis is shorter, the one around it is walked inside.
constexpr size_t kShort = 16;

template <typename T>
void Move(const T* x, T* y, const Axis* axes, size_t count, size_t inner) {
  const Axis axis = axes[0];
  if (count == 1) {
    if (axis.stride == 1)
      memcpy(y, x, axis.extent * sizeof(T));
    else
      for (size_t i = 0; i < axis.extent; ++i) y[i] = x[i * axis.stride];
    return;
  }
  if (count == 2 && axes[1].extent < kShort && axes[1].stride != 1) {
    for (size_t j = 0; j < axes[1].extent; ++j)
      for (size_t i = 0; i < axis.extent; ++i) y[i * axes[1].extent + j] = x[i * axis.stride + j * axes[1].stride];
    return;
  }
  const size_t next = inner / axes[1].extent;
  for (size_t i = 0; i < axis.extent; ++i) Move(x + i * axis.stride, y + i * inner, axes + 1, count - 1, next);
}

template <typename T>
void MoveAs(const void* x, void* y, const Axis* axes, size_t count, size_t first, size_t last) {
  size_t inner = 1;
  for (size_t a = 1; a < count; ++a) inner *= axes[a].extent;
  if (inner == 0 || first >= last) return;
  Axis own[kMostAxes];
  memcpy(own, axes, count * sizeof(Axis));
  own[0].extent = last - first;
  Move(static_cast<const T*>(x) + first * axes[0].stride, static_cast<T*>(y) + first * inner, own, count, inner);
}

}  // namespace

void Transpose(const void* x, void* y, size_t element_bytes, const Axis* axes, size_t count, size_t first, size_t last) {
  switch (element_bytes) {
    case 1:
      return MoveAs<uint8_t>(x, y, axes, count, first, last);
    case 2:
      return MoveAs<uint16_t>(x, y, axes, count, first, last);
    case 4:
      return MoveAs<uint32_t>(x, y, axes, count, first, last);
    default:
      return MoveAs<uint64_t>(x, y, axes, count, first, last);
  }
}

}  // namespace halftone
