#include "move.h"

#include <string.h>

#include <utility>

namespace halftone {
namespace {

// Where the innermost axis is shorter, rows of a tile are gathered for all of it.
constexpr size_t kShort = 16;

template <typename T>
struct Vector {
  typedef T Of __attribute__((vector_size(16)));
  static constexpr size_t kLanes = 16 / sizeof(T);
};

// One half of a and of b, element by element: the lower one, or the upper one.
template <bool UPPER, typename V, size_t... I>
inline V Zip(const V& a, const V& b, std::index_sequence<I...>) {
  constexpr size_t kLanes = sizeof...(I), kFirst = UPPER ? kLanes / 2 : 0;
  return __builtin_shufflevector(a, b, (kFirst + I / 2 + (I % 2) * kLanes)...);
}

// Turns a tile: ROWS rows of one vector each, `stride` apart, become its columns of ROWS elements, one after the other.
template <typename T, size_t ROWS>
struct Tile {
  using V = typename Vector<T>::Of;
  static constexpr size_t kLanes = Vector<T>::kLanes;
  alignas(16) T columns[kLanes * ROWS];

  // Rows past `rows` are those of the first.
  Tile(const T* x, size_t stride, size_t rows) {
    V v[ROWS], next[ROWS];
    for (size_t r = 0; r < ROWS; ++r) memcpy(&v[r], x + (r < rows ? r * stride : 0), sizeof(V));
    for (size_t apart = 1; apart < ROWS; apart *= 2) {
      for (size_t r = 0; r < ROWS / 2; ++r) {
        next[2 * r] = Zip<false>(v[r], v[r + ROWS / 2], std::make_index_sequence<kLanes>());
        next[2 * r + 1] = Zip<true>(v[r], v[r + ROWS / 2], std::make_index_sequence<kLanes>());
      }
      memcpy(v, next, sizeof v);
    }
    memcpy(columns, v, sizeof columns);
  }
};

// y[i * width + j] = x[i + j * stride], one element at a time.
template <typename T>
void Plain(const T* x, T* y, size_t count, size_t width, size_t stride) {
  for (size_t j = 0; j < width; ++j)
    for (size_t i = 0; i < count; ++i) y[i * width + j] = x[i + j * stride];
}

// The same of few rows, up to ROWS of them: their elements side by side.
template <typename T, size_t ROWS>
void Interleave(const T* x, T* y, size_t count, size_t width, size_t stride) {
  constexpr size_t kLanes = Vector<T>::kLanes;
  // Each column is stored whole, and what is too much of it is written over by the next.
  const size_t safe = width == ROWS ? kLanes : kLanes + ROWS;
  size_t i = 0;
  for (; i + safe <= count; i += kLanes) {
    const Tile<T, ROWS> tile(x + i, stride, width);
    T* to = y + i * width;
    if (width == ROWS)
      memcpy(to, tile.columns, sizeof tile.columns);
    else
      for (size_t column = 0; column < kLanes; ++column) memcpy(to + column * width, tile.columns + column * ROWS, ROWS * sizeof(T));
  }
  Plain(x + i, y + i * width, count - i, width, stride);
}

// The same of many rows: tiles as long as wide; those at the ends overlap the ones before.
template <typename T>
void Turn(const T* x, T* y, size_t count, size_t width, size_t stride) {
  constexpr size_t kLanes = Vector<T>::kLanes;
  if (count < kLanes) return Plain(x, y, count, width, stride);
  for (size_t j = 0; j < width; j += kLanes) {
    const size_t row = j + kLanes <= width ? j : width - kLanes;
    for (size_t i = 0; i < count; i += kLanes) {
      const size_t column = i + kLanes <= count ? i : count - kLanes;
      const Tile<T, kLanes> tile(x + column + row * stride, stride, kLanes);
      for (size_t c = 0; c < kLanes; ++c) memcpy(y + (column + c) * width + row, tile.columns + c * kLanes, 16);
    }
  }
}

template <typename T>
void Exchange(const T* x, T* y, size_t count, size_t width, size_t stride, const Loops& loops) {
  if (width == 3 && sizeof(T) == 1)
    loops.interleave3_8(reinterpret_cast<const uint8_t*>(x), reinterpret_cast<uint8_t*>(y), count, stride);
  else if (width == 3 && sizeof(T) == 4)
    loops.interleave3_32(reinterpret_cast<const uint32_t*>(x), reinterpret_cast<uint32_t*>(y), count, stride);
  else if (width <= 2)
    Interleave<T, 2>(x, y, count, width, stride);
  else if (width <= 4)
    Interleave<T, 4>(x, y, count, width, stride);
  else if (width <= 8)
    Interleave<T, 8>(x, y, count, width, stride);
  else if (width <= kShort)
    Interleave<T, 16>(x, y, count, width, stride);
  else
    Turn(x, y, count, width, stride);
}

template <typename T>
void Move(const T* x, T* y, const Axis* axes, size_t count, size_t inner, const Loops& loops) {
  const Axis axis = axes[0];
  if (count == 1) {
    if (axis.stride == 1)
      memcpy(y, x, axis.extent * sizeof(T));
    else
      for (size_t i = 0; i < axis.extent; ++i) y[i] = x[i * axis.stride];
    return;
  }
  if (count == 2 && axis.stride == 1) return Exchange(x, y, axis.extent, axes[1].extent, axes[1].stride, loops);
  if (count == 2 && axes[1].extent < kShort && axes[1].stride != 1) {
    for (size_t j = 0; j < axes[1].extent; ++j)
      for (size_t i = 0; i < axis.extent; ++i) y[i * axes[1].extent + j] = x[i * axis.stride + j * axes[1].stride];
    return;
  }
  const size_t next = inner / axes[1].extent;
  for (size_t i = 0; i < axis.extent; ++i) Move(x + i * axis.stride, y + i * inner, axes + 1, count - 1, next, loops);
}

template <typename T>
void MoveAs(const void* x, void* y, const Axis* axes, size_t count, size_t first, size_t last, const Loops& loops) {
  size_t inner = 1;
  for (size_t a = 1; a < count; ++a) inner *= axes[a].extent;
  if (inner == 0 || first >= last) return;
  Axis own[kMostAxes];
  memcpy(own, axes, count * sizeof(Axis));
  own[0].extent = last - first;
  Move(static_cast<const T*>(x) + first * axes[0].stride, static_cast<T*>(y) + first * inner, own, count, inner, loops);
}

}  // namespace

void Transpose(const void* x, void* y, size_t element_bytes, const Axis* axes, size_t count, size_t first, size_t last,
               const Loops& loops) {
  switch (element_bytes) {
    case 1:
      return MoveAs<uint8_t>(x, y, axes, count, first, last, loops);
    case 2:
      return MoveAs<uint16_t>(x, y, axes, count, first, last, loops);
    case 4:
      return MoveAs<uint32_t>(x, y, axes, count, first, last, loops);
    default:
      return MoveAs<uint64_t>(x, y, axes, count, first, last, loops);
  }
}

}  // namespace halftone
