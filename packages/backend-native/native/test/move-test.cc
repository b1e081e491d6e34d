// Transpositions against plain loops: two axes of every kind of extent, and three of them in any order.
#include <string.h>

#include "../loops/move.h"
#include "checks.h"

namespace halftone {
namespace {

template <typename T>
void TestAxes(const Loops& loops, const char* tier, const Axis* axes, size_t count) {
  size_t elements = 1, last = 0;
  for (size_t a = 0; a < count; ++a) {
    elements *= axes[a].extent;
    last += (axes[a].extent - 1) * axes[a].stride;
  }
  Array<T> x(last + 1), y(elements), right(elements);
  for (T& element : x) element = static_cast<T>(Next());
  for (size_t i = 0; i < elements; ++i) {
    size_t rest = i, place = 0;
    for (size_t a = count; a-- > 0; rest /= axes[a].extent) place += rest % axes[a].extent * axes[a].stride;
    right[i] = x[place];
  }
  // Two threads, each with its part of the first axis.
  const size_t middle = Next() % (axes[0].extent + 1);
  Transpose(x.data(), y.data(), sizeof(T), axes, count, middle, axes[0].extent, loops);
  Transpose(x.data(), y.data(), sizeof(T), axes, count, 0, middle, loops);
  Check(y == right, "transpose", tier, axes[0].extent, axes[1].extent, sizeof(T));
}

template <typename T>
void TestElements(const Loops& loops, const char* tier) {
  for (const size_t count : {1, 2, 7, 8, 15, 16, 17, 31, 33, 64, 100, 203})
    for (const size_t width : {2, 3, 4, 5, 8, 9, 15, 16, 17, 31, 40, 100}) {
      const size_t apart = Next() % 5;
      // Planes that become neighbours, and neighbours that become planes.
      const Axis planes[] = {{count, 1}, {width, count + apart}};
      TestAxes<T>(loops, tier, planes, 2);
      const Axis scattered[] = {{count, 2}, {width, 3}};
      TestAxes<T>(loops, tier, scattered, 2);
    }
  for (int round = 0; round < 20; ++round) {
    const size_t extents[] = {1 + Next() % 5, 1 + Next() % 40, 1 + Next() % 40};
    const size_t strides[] = {extents[1] * extents[2], extents[2], 1};
    const size_t first = Next() % 3;
    const size_t second = (first + 1 + Next() % 2) % 3, third = 3 - first - second;
    const Axis axes[] = {{extents[first], strides[first]}, {extents[second], strides[second]}, {extents[third], strides[third]}};
    TestAxes<T>(loops, tier, axes, 3);
  }
}

}  // namespace

void TestMoves(uint32_t tiers, const char* tier) {
  const Loops& loops = LoopsFor(tiers);
  TestElements<uint8_t>(loops, tier);
  TestElements<uint16_t>(loops, tier);
  TestElements<uint32_t>(loops, tier);
  TestElements<uint64_t>(loops, tier);
}

}  // namespace halftone
