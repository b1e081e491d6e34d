// Calls on their way into a program: what each will do, and where it will find its elements.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <functional>
#include <utility>
#include <vector>

#include "../base/buffer.h"
#include "../base/thread-pool.h"

namespace halftone {

// Elements at an address, or at a distance from one that each run of a program sets anew.
template <typename T>
class Place {
 public:
  Place() = default;
  Place(const uintptr_t* base, uintptr_t offset) : base_(base), offset_(offset) {}

  T* get() const { return reinterpret_cast<T*>((base_ ? *base_ : 0) + offset_); }
  explicit operator bool() const { return base_ || offset_; }
  Place operator+(size_t count) const { return {base_, offset_ + count * sizeof(T)}; }
  Place<uint8_t> bytes() const { return {base_, offset_}; }

 private:
  const uintptr_t* base_ = nullptr;
  uintptr_t offset_ = 0;
};

// Steps in their order, and what they read that never changes.
struct Recording {
  using Step = std::function<void(ThreadPool&)>;

  std::vector<Step> steps;
  std::vector<Buffer> constants;
};

class Recorder {
 public:
  using Step = Recording::Step;

  // Memory that steps may use; runs find it at *base.
  void Allow(const void* data, size_t bytes, const uintptr_t* base) {
    spans_.push_back({reinterpret_cast<uintptr_t>(data), bytes, base});
  }

  // Where these bytes will be; false for memory that no span holds.
  bool Find(const void* data, size_t bytes, const uintptr_t** base, uintptr_t* offset) const {
    const uintptr_t address = reinterpret_cast<uintptr_t>(data);
    for (const Span& span : spans_) {
      if (address < span.address || address - span.address > span.bytes) continue;
      if (bytes > span.bytes - (address - span.address)) continue;
      *base = span.base;
      *offset = address - span.address;
      return true;
    }
    return false;
  }

  // A copy that steps may read; null where there is no memory.
  const void* Keep(const void* data, size_t bytes) {
    Buffer copy;
    void* to = copy.Reserve(bytes);
    if (to && bytes > 0) memcpy(to, data, bytes);
    if (to) recording_.constants.push_back(std::move(copy));
    return to;
  }

  void Add(Step step) { recording_.steps.push_back(std::move(step)); }
  Recording Take() { return std::move(recording_); }

 private:
  struct Span {
    uintptr_t address;
    size_t bytes;
    const uintptr_t* base;
  };

  std::vector<Span> spans_;
  Recording recording_;
};

}  // namespace halftone
