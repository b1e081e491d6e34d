#include "softmax.h"

#include <vector>

namespace halftone {
namespace {

constexpr size_t kDistances = 256;

// A whole of neighbours.
void One(const Softmax& s, const uint8_t* x, uint8_t* y, const Loops& loops) {
  const size_t n = s.extent;
  const uint8_t most = loops.most(x, n, s.flip);
  int32_t numbers[kDistances];
  uint64_t sum = 0;
  if (n <= kDistances) {
    for (size_t i = 0; i < n; ++i) {
      numbers[i] = s.table[most - (x[i] ^ s.flip)];
      sum += static_cast<uint32_t>(numbers[i]);
    }
    loops.shares(numbers, numbers, n, static_cast<double>(sum));
    loops.requantize_fixed(numbers, y, n, &s.multiplier, &s.shift, false, s.to);
    return;
  }
  for (size_t i = 0; i < n; ++i) sum += static_cast<uint32_t>(s.table[most - (x[i] ^ s.flip)]);
  // Elements of one code have one share: there are no more than the distances.
  uint8_t by_distance[kDistances], by_code[kDistances] = {};
  const size_t distances = size_t{most} + 1;
  loops.shares(s.table, numbers, distances, static_cast<double>(sum));
  loops.requantize_fixed(numbers, by_distance, distances, &s.multiplier, &s.shift, false, s.to);
  for (size_t d = 0; d < distances; ++d) by_code[most - d] = by_distance[d];
  loops.lookup(x, y, n, by_code, s.flip);
}

}  // namespace

void SoftmaxOf(const Softmax& softmax, const uint8_t* x, uint8_t* y, size_t first, size_t last, const Loops& loops) {
  const size_t extent = softmax.extent, inner = softmax.inner;
  if (inner == 1) {
    for (size_t i = first; i < last; ++i) One(softmax, x + i * extent, y + i * extent, loops);
    return;
  }
  // Kept, so that a run allocates nothing.
  static thread_local std::vector<uint8_t> line;
  if (line.size() < 2 * extent) line.resize(2 * extent);
  uint8_t* const codes = line.data() + extent;
  for (size_t i = first; i < last; ++i) {
    const size_t at = i / inner * extent * inner + i % inner;
    for (size_t e = 0; e < extent; ++e) line[e] = x[at + e * inner];
    One(softmax, line.data(), codes, loops);
    for (size_t e = 0; e < extent; ++e) y[at + e * inner] = codes[e];
  }
}

}  // namespace halftone
