// A few threads that wait for short pieces of work. The caller takes part, and never waits for one that has not begun: what
// nobody else has taken it does itself. Results do not depend on who does what.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace halftone {

class ThreadPool {
 public:
  // One part of the work, and how many there are.
  using Task = void (*)(void* context, unsigned part, unsigned parts);

  // `threads` counts the caller: 1 starts none.
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  unsigned threads() const { return static_cast<unsigned>(workers_.size()) + 1; }

  // Whether no thread sleeps: then even small work is worth sharing.
  bool awake() const { return sleeping_.load(std::memory_order_relaxed) == 0; }

  // Runs the parts of the task, no more than there are threads, and waits for all of them.
  void Run(unsigned parts, Task task, void* context);

  template <typename F>
  void Run(unsigned parts, const F& work) {
    Run(
        parts,
        [](void* context, unsigned part, unsigned count) { (*static_cast<const F*>(context))(part, count); },
        const_cast<F*>(&work));
  }

 private:
  void Serve();
  // Does parts of this generation's task as long as there are any.
  void Work(uint32_t generation);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  // Generation, number of parts, next part: 32, 16 and 16 bits. Who takes a part takes it from the generation that it saw.
  std::atomic<uint64_t> ticket_{0};
  std::atomic<unsigned> done_{0};
  std::atomic<unsigned> sleeping_{0};
  std::atomic<bool> stop_{false};
  Task task_ = nullptr;
  void* context_ = nullptr;
};

}  // namespace halftone
