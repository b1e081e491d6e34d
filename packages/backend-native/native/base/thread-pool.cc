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

constexpr uint32_t GenerationOf(uint64_t ticket) { return static_cast<uint32_t>(ticket >> 32); }
constexpr unsigned PartsOf(uint64_t ticket) { return ticket >> 16 & 0xffff; }
constexpr unsigned NextOf(uint64_t ticket) { return ticket & 0xffff; }
constexpr uint64_t TicketOf(uint32_t generation, unsigned parts) { return uint64_t{generation} << 32 | uint64_t{parts} << 16; }

}  // namespace

ThreadPool::ThreadPool(unsigned threads) {
  for (unsigned thread = 1; thread < threads; ++thread) workers_.emplace_back([this] { Serve(); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
    ticket_.store(TicketOf(GenerationOf(ticket_.load()) + 1, 0));
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::Run(unsigned parts, Task task, void* context) {
  if (parts > threads()) parts = threads();
  if (parts <= 1) {
    task(context, 0, 1);
    return;
  }
  task_ = task;
  context_ = context;
  done_.store(0, std::memory_order_relaxed);
  const uint32_t generation = GenerationOf(ticket_.load(std::memory_order_relaxed)) + 1;
  ticket_.store(TicketOf(generation, parts), std::memory_order_seq_cst);
  if (sleeping_.load(std::memory_order_seq_cst) > 0) {
    // Under the lock no thread is between its last look and its sleep.
    std::lock_guard<std::mutex> lock(mutex_);
    wake_.notify_all();
  }
  Work(generation);
  for (unsigned looks = 1; done_.load(std::memory_order_acquire) != parts; ++looks) {
    Pause();
    // Somebody else may have the core that the last thread needs.
    if (looks % 4096 == 0) std::this_thread::yield();
  }
}

void ThreadPool::Work(uint32_t generation) {
  uint64_t ticket = ticket_.load(std::memory_order_acquire);
  while (GenerationOf(ticket) == generation && NextOf(ticket) < PartsOf(ticket)) {
    if (!ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel)) continue;
    // The caller waits for this part, so the task stays what it is.
    task_(context_, NextOf(ticket), PartsOf(ticket));
    done_.fetch_add(1, std::memory_order_release);
    ticket = ticket_.load(std::memory_order_acquire);
  }
}

void ThreadPool::Serve() {
  uint32_t seen = 0;
  const auto changed = [&] { return GenerationOf(ticket_.load(std::memory_order_seq_cst)) != seen; };
  for (;;) {
    const auto until = std::chrono::steady_clock::now() + kSpin;
    unsigned looks = 0;
    while (!changed()) {
      Pause();
      if ((++looks & 63) != 0 || std::chrono::steady_clock::now() < until) continue;
      std::unique_lock<std::mutex> lock(mutex_);
      sleeping_.fetch_add(1, std::memory_order_seq_cst);
      wake_.wait(lock, changed);
      sleeping_.fetch_sub(1, std::memory_order_seq_cst);
    }
    seen = GenerationOf(ticket_.load(std::memory_order_acquire));
    if (stop_.load(std::memory_order_acquire)) return;
    Work(seen);
  }
}

}  // namespace halftone
