// Products of signs, and searches for the first elements, against plain loops: every tail, garbage behind rows, long rows.
#include <math.h>
#include <string.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "../bgemm/binary.h"
#include "../loops/top-k.h"
#include "checks.h"

namespace halftone {
namespace {

void TestBinary(uint32_t tiers, const char* tier, size_t m, size_t n, size_t k, bool opposite = false) {
  const size_t bytes = bgemm::RowBytes(k);
  Array<uint8_t> a = Codes(m * bytes), b = Codes(n * bytes);
  if (opposite) {
    std::fill(a.begin(), a.end(), 0xff);
    std::fill(b.begin(), b.end(), 0);
  }
  Array<int32_t> y(m * n, -1);
  const unsigned threads = 1 + Next() % 3;
  const std::unique_ptr<bgemm::Binary> binary = bgemm::Binary::Make(m, n, k, tiers, threads);
  bgemm::PackedB packed;
  if (!binary || !bgemm::Pack(&packed, b.data(), n, k)) return Check(false, "memory", tier, m, n, k);
  ThreadPool pool(threads);
  binary->Run(packed, a.data(), y.data(), &pool);
  bool right = true;
  const uint8_t last = static_cast<uint8_t>(0xff >> (bytes * 8 - k));
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j) {
      int32_t sum = static_cast<int32_t>(k);
      for (size_t at = 0; at < bytes; ++at) {
        const uint8_t different = a[i * bytes + at] ^ b[j * bytes + at];
        sum -= 2 * __builtin_popcount(at + 1 == bytes ? different & last : different);
      }
      right &= y[i * n + j] == sum;
    }
  Check(right, binary->kernel().name, tier, m, n, k);
}

template <typename T>
bool IsAbove(T a, T b) {
  return a > b || (a != a && b == b);
}

template <typename T>
void TestTopK(uint32_t tiers, const char* tier, const TopKShape& s, const Array<T>& x) {
  Array<T> values(s.lines() * s.k);
  Array<int32_t> indices(s.lines() * s.k, -1);
  Array<int64_t> kept(s.k);
  TopK(s, LoopsFor(tiers), x.data(), values.data(), indices.data(), kept.data(), 0, s.lines() / 2);
  TopK(s, LoopsFor(tiers), x.data(), values.data(), indices.data(), kept.data(), s.lines() / 2, s.lines());
  bool right = true;
  for (size_t line = 0; line < s.lines(); ++line) {
    const size_t o = line / s.inner, i = line % s.inner;
    const auto at = [&](int32_t e) { return x[(o * s.extent + e) * s.inner + i]; };
    std::vector<int32_t> order(s.extent);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int32_t e, int32_t f) {
      return s.largest ? IsAbove(at(e), at(f)) : IsAbove(at(f), at(e));
    });
    for (size_t place = 0; place < s.k; ++place) {
      const size_t to = (o * s.k + place) * s.inner + i;
      const T wanted = at(order[place]);
      right &= indices[to] == order[place] && memcmp(&values[to], &wanted, sizeof wanted) == 0;
    }
  }
  Check(right, "topK", tier, s.lines(), s.extent, s.k);
}

void TestTopKinds(uint32_t tiers, const char* tier, size_t extent, size_t inner, size_t k) {
  for (const bool largest : {true, false}) {
    const TopKShape shape = {3, extent, inner, k, largest, ElementKind::kUint8};
    const size_t count = shape.lines() * extent;
    const auto as = [&](ElementKind kind) {
      TopKShape other = shape;
      other.kind = kind;
      return other;
    };
    const Array<uint8_t> codes = Codes(count);
    TestTopK<uint8_t>(tiers, tier, as(ElementKind::kUint8), codes);
    TestTopK<int8_t>(tiers, tier, as(ElementKind::kInt8), Array<int8_t>(codes.begin(), codes.end()));
    Array<int32_t> whole(count);
    Array<float> real(count);
    const float odd[] = {NAN, -NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 1e-45f, -1e-45f, 3e38f};
    for (size_t i = 0; i < count; ++i) {
      whole[i] = Next() % 9 == 0 ? (Next() % 2 ? INT32_MIN : INT32_MAX) : static_cast<int32_t>(Next() << 8) >> (Next() % 24);
      real[i] = Next() % 4 == 0 ? odd[Next() % 9] : static_cast<float>(static_cast<int32_t>(Next() % 200) - 100) / 8;
    }
    TestTopK<int32_t>(tiers, tier, as(ElementKind::kInt32), whole);
    TestTopK<float>(tiers, tier, as(ElementKind::kFloat32), real);
  }
}

}  // namespace

void TestSearch(uint32_t tiers, const char* tier) {
  const size_t extents[] = {1, 2, 3, 4, 5, 6, 7, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 96, 127, 130};
  const size_t widths[] = {0, 1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 127, 128, 129, 500, 512, 992, 993, 1023, 1024, 1025};
  for (const size_t m : extents)
    for (const size_t n : extents) TestBinary(tiers, tier, m, n, widths[Next() % 21]);
  for (const size_t k : widths)
    for (const size_t m : {1, 5, 50, 100}) TestBinary(tiers, tier, m, 1 + Next() % 90, k);
  for (const size_t k : {2047, 8192, 16384, 16385, 65536, 65543, 131072}) {
    TestBinary(tiers, tier, 3, 20, k);
    TestBinary(tiers, tier, 50, 70, k, true);
  }
  // Shapes of AMX.
  for (size_t k = 320; k < 460; k += 7) TestBinary(tiers, tier, 96 + k % 40, 1 + Next() % 90, k);
  TestBinary(tiers, tier, 97, 70, 8191, true);
  TestBinary(tiers, tier, 300, 330, 4100);
  TestBinary(tiers, tier, 130, 1100, 1024);
  // Sums past the caches.
  TestBinary(tiers, tier, 520, 1024, 330);
  for (size_t extent = 1; extent < 140; ++extent)
    TestTopKinds(tiers, tier, extent, 1 + extent % 2, std::min<size_t>(extent, extent % 12));
  for (const size_t k : {1, 10, 300, 2500}) TestTopKinds(tiers, tier, 2500, 1 + k % 2, k);
}

}  // namespace halftone
