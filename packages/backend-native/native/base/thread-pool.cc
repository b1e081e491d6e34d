#include "thread-pool.h"

#include <chrono>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace halftone {
namespace {

// How long a thread looks for the next task before it sleeps: about what waking it would cost.
constexpr auto kSpin = std::chrono::microseconds(30);

inline void Pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

}  // namespace

ThreadPool::ThreadPool(unsigned threads) {
  for (unsigned thread = 1; thread < threads; ++thread) workers_.emplace_back([this, thread] { Serve(thread); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
    generation_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::Run(unsigned threads, Task task, void* context) {
  if (threads > this->threads()) threads = this->threads();
  if (threads <= 1) {
    task(context, 0, 1);
    return;
  }
  task_ = task;
  context_ = context;
  active_ = threads;
  pending_.store(static_cast<unsigned>(workers_.size()), std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_seq_cst);
  if (sleeping_.load(std::memory_order_seq_cst) > 0) {
    // Under the lock no thread is between its last look and its sleep.
    std::lock_guard<std::mutex> lock(mutex_);
    wake_.notify_all();
  }
  task(context, 0, threads);
  for (unsigned looks = 1; pending_.load(std::memory_order_acquire) != 0; ++looks) {
    Pause();
    // Somebody else may have the core that the last thread needs.
    if (looks % 4096 == 0) std::this_thread::yield();
  }
}

void ThreadPool::Serve(unsigned thread) {
  uint64_t seen = 0;
  for (;;) {
    const auto until = std::chrono::steady_clock::now() + kSpin;
    unsigned looks = 0;
    while (generation_.load(std::memory_order_acquire) == seen) {
      Pause();
      if ((++looks & 63) != 0 || std::chrono::steady_clock::now() < until) continue;
      std::unique_lock<std::mutex> lock(mutex_);
      sleeping_.fetch_add(1, std::memory_order_seq_cst);
      wake_.wait(lock, [&] { return generation_.load(std::memory_order_seq_cst) != seen; });
      sleeping_.fetch_sub(1, std::memory_order_seq_cst);
    }
    ++seen;
    if (stop_.load(std::memory_order_relaxed)) return;
    if (thread < active_) task_(context_, thread, active_);
    pending_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace halftone
