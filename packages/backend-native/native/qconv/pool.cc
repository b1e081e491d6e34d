#include "pool.h"

#include <string.h>

#include <algorithm>
#include <vector>

namespace halftone::qconv {
namespace {

// The taps of an axis that lie inside: the first one, and the one behind the last.
struct Inside {
  size_t first, end;
};

// Steps of `dilation` that reach `distance`; divisions are slow, and windows many.
inline size_t Steps(size_t distance, size_t dilation) {
  return dilation == 1 ? distance : (distance + dilation - 1) / dilation;
}

Inside InsideOf(size_t at, size_t before, size_t kernel, size_t dilation, size_t extent) {
  const size_t room = extent + before;
  const size_t first = at >= before ? 0 : Steps(before - at, dilation);
  const size_t end = at >= room ? 0 : Steps(room - at, dilation);
  return {std::min(first, kernel), std::min(end, kernel)};
}

// The thread's own numbers, of unspecified contents; kept, so that a run allocates nothing.
template <typename T>
T* Scratch(size_t count) {
  static thread_local std::vector<T> numbers;
  if (numbers.size() < count) numbers.resize(count);
  return numbers.data();
}

// visit(pixel of the result), then tap(pixel of x) for each element of its window, then done(pixel, count).
template <typename Visit, typename Tap, typename Done>
void EachWindow(const Window& w, const uint8_t* x, unsigned thread, unsigned threads, const Visit& visit, const Tap& tap,
                const Done& done) {
  // Arrays without elements have no place.
  const size_t lines = w.c == 0 ? 0 : w.n * w.out_h;
  for (size_t line = lines * thread / threads; line < lines * (thread + 1) / threads; ++line) {
    const uint8_t* image = x + line / w.out_h * w.h * w.w * w.c;
    const size_t top = line % w.out_h * w.stride_h;
    const Inside rows = InsideOf(top, w.top, w.kernel_h, w.dilation_h, w.h);
    for (size_t ow = 0; ow < w.out_w; ++ow) {
      const size_t pixel = line * w.out_w + ow, left = ow * w.stride_w;
      const Inside columns = InsideOf(left, w.left, w.kernel_w, w.dilation_w, w.w);
      visit(pixel);
      for (size_t i = rows.first; i < rows.end; ++i)
        for (size_t j = columns.first; j < columns.end; ++j)
          tap(image + ((top + i * w.dilation_h - w.top) * w.w + left + j * w.dilation_w - w.left) * w.c);
      const bool any = rows.end > rows.first && columns.end > columns.first;
      done(pixel, any ? (rows.end - rows.first) * (columns.end - columns.first) : 0);
    }
  }
}

}  // namespace

void MaxPool(const Window& window, const Loops& loops, const uint8_t* x, bool is_signed, uint8_t* y, unsigned thread,
             unsigned threads) {
  size_t* const taps = Scratch<size_t>(window.taps());
  const auto largest = is_signed ? loops.largest_s8 : loops.largest_u8;
  size_t found = 0;
  EachWindow(
      window, x, thread, threads, [&](size_t) { found = 0; },
      [&](const uint8_t* from) { taps[found++] = static_cast<size_t>(from - x); },
      [&](size_t pixel, size_t) {
        uint8_t* to = y + pixel * window.c;
        if (found > 0)
          largest(x, taps, found, to, window.c);
        else
          memset(to, is_signed ? 0x80 : 0, window.c);
      });
}

void AveragePool(const Window& window, const Loops& loops, const uint8_t* x, const Average& average, uint8_t* y,
                 unsigned thread, unsigned threads) {
  int32_t* const sums = Scratch<int32_t>(window.c);
  const auto add = average.x_signed ? loops.add_s8 : loops.add_u8;
  EachWindow(
      window, x, thread, threads, [&](size_t) { memset(sums, 0, window.c * sizeof(int32_t)); },
      [&](const uint8_t* from) { add(from, average.x_zero, sums, window.c); },
      [&](size_t pixel, size_t inside) {
        const size_t count = average.count_border ? window.taps() : inside;
        uint8_t* to = y + pixel * window.c;
        if (count > 0)
          loops.requantize(sums, to, window.c, average.multiplier[count - 1], average.to);
        else
          memset(to, static_cast<uint8_t>(average.to.zero), window.c);
      });
}

}  // namespace halftone::qconv
