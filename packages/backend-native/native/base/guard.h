// Memory that ends where nothing may be read any more: what a sanitizer does not see in vector code, the CPU then does.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

namespace halftone {

// Bytes whose end is the end of a page, before one that cannot be touched. Null where there is no memory.
inline void* GuardedAllocate(size_t bytes) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t pages = (bytes + page - 1) / page;
  void* start = mmap(nullptr, (pages + 1) * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return nullptr;
  uint8_t* const guard = static_cast<uint8_t*>(start) + pages * page;
  mprotect(guard, page, PROT_NONE);
  return guard - bytes;
}

inline void GuardedFree(void* data, size_t bytes) {
  if (!data) return;
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t pages = (bytes + page - 1) / page;
  munmap(static_cast<uint8_t*>(data) + bytes - pages * page, (pages + 1) * page);
}

template <typename T>
struct GuardedAllocator {
  using value_type = T;
  GuardedAllocator() = default;
  template <typename U>
  GuardedAllocator(const GuardedAllocator<U>&) {}
  T* allocate(size_t count) { return static_cast<T*>(GuardedAllocate(count * sizeof(T))); }
  void deallocate(T* data, size_t count) { GuardedFree(data, count * sizeof(T)); }
  template <typename U>
  bool operator==(const GuardedAllocator<U>&) const { return true; }
  template <typename U>
  bool operator!=(const GuardedAllocator<U>&) const { return false; }
};

}  // namespace halftone
