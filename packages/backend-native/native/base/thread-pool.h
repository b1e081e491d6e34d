// A few threads that wait for short pieces of work. The caller takes part; results do not depend on how many there are.
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
  // Work of one thread: its number, and how many there are.
  using Task = void (*)(void* context, unsigned thread, unsigned threads);

  // `threads` counts the caller: 1 starts none.
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  unsigned threads() const { return static_cast<unsigned>(workers_.size()) + 1; }

  // Runs the task once on each of the first `threads` threads and waits for all of them.
  void Run(unsigned threads, Task task, void* context);

  template <typename F>
  void Run(unsigned threads, const F& work) {
    Run(
        threads,
        [](void* context, unsigned thread, unsigned count) { (*static_cast<const F*>(context))(thread, count); },
        const_cast<F*>(&work));
  }

 private:
  void Serve(unsigned thread);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  // Goes up with each task, and once more at the end.
  std::atomic<uint64_t> generation_{0};
  std::atomic<unsigned> pending_{0};
  std::atomic<bool> stop_{false};
  std::atomic<unsigned> sleeping_{0};
  Task task_ = nullptr;
  void* context_ = nullptr;
  unsigned active_ = 0;
};

}  // namespace halftone
