// Memory of kernels: aligned for the widest vectors, and fit for huge pages where it is large.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(HALFTONE_GUARD_PAGES)
#include "guard.h"
#endif

namespace halftone {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{2} << 20;

// a * b; false where that is more than memory can hold.
inline bool CheckedMultiply(size_t a, size_t b, size_t* product) {
  return !__builtin_mul_overflow(a, b, product) && *product <= PTRDIFF_MAX;
}

constexpr size_t RoundUp(size_t value, size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// Bytes that belong to it; grows when asked, and keeps what it has for the next time.
class Buffer {
 public:
  Buffer() = default;
  ~Buffer() { Free(); }
  Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  // At least so many bytes, of unspecified contents; null where there is no memory.
  void* Reserve(size_t bytes) {
    if (bytes <= size_ && data_) return data_;
    Free();
    const bool huge = bytes >= kHugePage;
    const size_t rounded = RoundUp(bytes ? bytes : 1, huge ? kHugePage : kAlignment);
#if defined(HALFTONE_GUARD_PAGES)
    data_ = GuardedAllocate(rounded);
#else
    data_ = aligned_alloc(huge ? kHugePage : kAlignment, rounded);
#endif
    if (!data_) return nullptr;
#if defined(__linux__) && !defined(HALFTONE_GUARD_PAGES)
    if (huge) madvise(data_, rounded, MADV_HUGEPAGE);
#endif
    size_ = rounded;
    return data_;
  }

  template <typename T>
  T* ReserveOf(size_t count) {
    size_t bytes;
    return CheckedMultiply(count, sizeof(T), &bytes) ? static_cast<T*>(Reserve(bytes)) : nullptr;
  }

  // Null before the first Reserve.
  void* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  void Free() {
#if defined(HALFTONE_GUARD_PAGES)
    GuardedFree(data_, size_);
#else
    free(data_);
#endif
    data_ = nullptr;
    size_ = 0;
  }

  void* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace halftone
