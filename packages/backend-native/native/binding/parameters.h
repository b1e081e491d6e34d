// Parameters of elements in the order [outer][axis][inner]: one for each index of the axis, or for each block of such indices
// and each index around them.
#pragma once

#include <algorithm>

#include "../base/buffer.h"
#include "call.h"
#include "share.h"

namespace halftone {

class Parameters {
 public:
  // Reads outer, the axis's extent and inner; and the block, 0 for none, where there may be one.
  enum class Blocks { kNone, kRead };
  Parameters(const Arguments& in, size_t place, Blocks blocks)
      : axis_(in.Size(place + 1, "channels")),
        inner_(in.Size(place + 2, "inner")),
        block_(blocks == Blocks::kRead ? in.Size(place + 3, "block") : 0) {
    const size_t outer = in.Size(place, "outer");
    blocks_ = block_ == 0 ? 0 : axis_ / block_ + (axis_ % block_ != 0);
    size_t around;
    if (!CheckedMultiply(outer, axis_, &count_) || !CheckedMultiply(count_, inner_, &count_) ||
        !CheckedMultiply(outer, inner_, &around) || !CheckedMultiply(around, blocks_, &parameters_))
      throw Napi::RangeError::New(in.env(), "the tensor has too many elements");
    if (block_ == 0) parameters_ = axis_;
  }

  size_t elements() const { return count_; }
  size_t count() const { return parameters_; }

  // Shares the elements of a large array among the threads: one(first, count, parameter) where neighbours have the same,
  // each(first, count, first parameter) where each has its own.
  template <typename One, typename Each>
  void Share(ThreadPool& pool, const One& one, const Each& each) const {
    ShareElements(pool, count_, [&](size_t first, size_t last) { Walk(first, last, one, each); });
  }

 private:
  template <typename One, typename Each>
  void Walk(size_t i, size_t end, const One& one, const Each& each) const {
    while (i < end) {
      const size_t row = i / inner_, index = row % axis_, before = row / axis_;
      const size_t left = std::min(end - i, inner_ - i % inner_);
      size_t count = left;
      if (block_ == 0 && inner_ > 1) {
        one(i, left, index);
      } else if (block_ == 0) {
        count = std::min(end - i, axis_ - index);
        axis_ == 1 ? one(i, count, 0) : each(i, count, index);
      } else if (inner_ > 1) {
        each(i, left, (before * blocks_ + index / block_) * inner_ + i % inner_);
      } else {
        count = std::min(end - i, std::min(axis_, (index / block_ + 1) * block_) - index);
        one(i, count, before * blocks_ + index / block_);
      }
      i += count;
    }
  }

  size_t axis_, inner_, block_, blocks_, count_, parameters_;
};

}  // namespace halftone
