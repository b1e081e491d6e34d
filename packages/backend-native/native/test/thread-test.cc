// The pool under many short pieces of work: every part is done once, by whomever, and is seen when Run returns.
#include <chrono>
#include <thread>
#include <vector>

#include "../base/thread-pool.h"
#include "checks.h"

namespace halftone {

void TestThreads() {
  for (const unsigned threads : {2u, 3u, 5u}) {
    ThreadPool pool(threads);
    bool right = true;
    for (unsigned round = 0; round < 20'000; ++round) {
      const unsigned parts = 1 + round % threads;
      // Not atomic: a second visit, or one that is not seen, is a race.
      std::vector<unsigned> visits(parts, 0);
      pool.Run(parts, [&](unsigned part, unsigned count) { visits[part] += count; });
      for (const unsigned visit : visits) right &= visit == parts;
      // Long enough for the others to fall asleep.
      if (round % 2'000 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    Check(right, "threads", "pool", threads, 1, 1);
  }
}

}  // namespace halftone
