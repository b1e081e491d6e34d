#include "top-k.h"

#include <string.h>

#include <algorithm>
#include <functional>

namespace halftone {
namespace {

// Keys that are looked at together.
constexpr size_t kBlock = 1024;
// So many of the largest of lanes leave little of a block behind them.
constexpr size_t kMostByLanes = kLanes / 2;

// An element as one number: its key, and below it the index, so that of equal keys the lowest index is the largest entry.
constexpr int64_t EntryOf(int32_t key, size_t index) {
  return static_cast<int64_t>(static_cast<uint64_t>(static_cast<uint32_t>(key)) << 32 | (0xffffffff - index));
}
constexpr int32_t KeyOf(int64_t entry) { return static_cast<int32_t>(entry >> 32); }
constexpr size_t IndexOf(int64_t entry) { return 0xffffffff - static_cast<uint32_t>(entry); }

// The k largest entries so far, as a heap with the least of them in front.
class Kept {
 public:
  Kept(int64_t* entries, size_t k) : entries_(entries), k_(k) {}

  // Keys [0, count) of elements from `index` on.
  void Offer(const Loops& loops, const int32_t* keys, size_t count, size_t index) {
    int32_t least = INT32_MIN;
    if (size_ == k_) {
      // What comes later and is equal to the least that is kept stays out.
      if (KeyOf(entries_[0]) == INT32_MAX) return;
      least = KeyOf(entries_[0]) + 1;
    } else if (index == 0 && k_ <= kMostByLanes && count >= 2 * kLanes) {
      least = loops.floor_of(keys, count / kLanes * kLanes, k_);
    }
    int32_t places[kBlock];
    const size_t found = loops.places_from(keys, count, least, places);
    for (size_t i = 0; i < found; ++i) Take(EntryOf(keys[places[i]], index + static_cast<size_t>(places[i])));
  }

  void Sort() { std::sort(entries_, entries_ + k_, std::greater<>()); }

 private:
  void Take(int64_t entry) {
    if (size_ < k_) {
      entries_[size_++] = entry;
      if (size_ == k_) std::make_heap(entries_, entries_ + k_, std::greater<>());
    } else if (entry > entries_[0]) {
      Replace(entry);
    }
  }

  // The least entry gives way: what is less than the new one moves up.
  void Replace(int64_t entry) {
    size_t at = 0;
    for (size_t child = 1; child < k_; child = 2 * at + 1) {
      if (child + 1 < k_ && entries_[child + 1] < entries_[child]) ++child;
      if (entry <= entries_[child]) break;
      entries_[at] = entries_[child];
      at = child;
    }
    entries_[at] = entry;
  }

  int64_t* entries_;
  size_t k_;
  size_t size_ = 0;
};

void MakeKeys(const TopKShape& s, const Loops& loops, const uint8_t* x, int32_t* keys, size_t count) {
  const int32_t flip = s.largest ? 0 : -1;
  switch (s.kind) {
    case ElementKind::kUint8:
      return loops.keys_u8(x, s.inner, keys, count, flip);
    case ElementKind::kInt8:
      return loops.keys_s8(x, s.inner, keys, count, flip);
    case ElementKind::kInt32:
      return loops.keys_s32(reinterpret_cast<const int32_t*>(x), s.inner, keys, count, flip);
    case ElementKind::kFloat32:
      return loops.keys_f32(reinterpret_cast<const float*>(x), s.inner, keys, count, flip);
  }
}

}  // namespace

void TopK(const TopKShape& s, const Loops& loops, const void* x, void* values, int32_t* indices, int64_t* kept, size_t first,
          size_t last) {
  if (s.k == 0) return;
  const size_t bytes = SizeOf(s.kind);
  // Whole numbers side by side are their own keys.
  const bool own = s.kind == ElementKind::kInt32 && s.largest && s.inner == 1;
  int32_t keys[kBlock];
  for (size_t line = first; line < last; ++line) {
    const size_t o = line / s.inner, i = line % s.inner;
    const uint8_t* from = static_cast<const uint8_t*>(x) + (o * s.extent * s.inner + i) * bytes;
    Kept best(kept, s.k);
    for (size_t at = 0; at < s.extent; at += kBlock) {
      const size_t count = std::min(kBlock, s.extent - at);
      const uint8_t* block = from + at * s.inner * bytes;
      if (!own) MakeKeys(s, loops, block, keys, count);
      best.Offer(loops, own ? reinterpret_cast<const int32_t*>(block) : keys, count, at);
    }
    best.Sort();
    for (size_t place = 0; place < s.k; ++place) {
      const size_t to = (o * s.k + place) * s.inner + i, index = IndexOf(kept[place]);
      indices[to] = static_cast<int32_t>(index);
      memcpy(static_cast<uint8_t*>(values) + to * bytes, from + index * s.inner * bytes, bytes);
    }
  }
}

}  // namespace halftone
