#include "image.h"

#include <string.h>

#include <algorithm>

#include "../base/buffer.h"

namespace halftone::qconv {
bool ImageBytes(const Window& window, CodeForm form, size_t slack, size_t* bytes) {
  return CheckedMultiply(window.n, window.padded_h(), bytes) && CheckedMultiply(*bytes, window.padded_w(), bytes) &&
         CheckedMultiply(*bytes, window.c, bytes) &&
         CheckedMultiply(*bytes, form == CodeForm::kInt16 ? 2 : 1, bytes) && !__builtin_add_overflow(*bytes, slack, bytes);
}

void FillImage(const Window& window, CodeForm form, const Loops& loops, const uint8_t* x, bool x_signed, uint8_t zero,
               unsigned thread, unsigned threads, void* image) {
  const size_t line = window.padded_w() * window.c, inner = window.w * window.c;
  const size_t lines = window.n * window.padded_h();
  const size_t code_bytes = form == CodeForm::kInt16 ? 2 : 1;
  const auto border = [&](uint8_t* to, size_t count) {
    if (form != CodeForm::kInt16) {
      memset(to, form == CodeForm::kFlipped ? zero ^ 0x80 : zero, count);
      return;
    }
    const int16_t value = x_signed ? static_cast<int8_t>(zero) : zero;
    std::fill_n(reinterpret_cast<int16_t*>(to), count, value);
  };
  for (size_t i = lines * thread / threads; i < lines * (thread + 1) / threads; ++i) {
    uint8_t* to = static_cast<uint8_t*>(image) + i * line * code_bytes;
    const size_t y = i % window.padded_h();
    if (y < window.top || y >= window.top + window.h) {
      border(to, line);
      continue;
    }
    const uint8_t* from = x + (i / window.padded_h() * window.h + y - window.top) * inner;
    border(to, window.left * window.c);
    to += window.left * window.c * code_bytes;
    // An array without elements has no place.
    if (inner > 0) {
      if (form == CodeForm::kAsIs)
        memcpy(to, from, inner);
      else if (form == CodeForm::kFlipped)
        loops.flip(from, to, inner);
      else
        (x_signed ? loops.widen_s8 : loops.widen_u8)(from, reinterpret_cast<int16_t*>(to), inner);
    }
    border(to + inner * code_bytes, window.right * window.c);
  }
}

}  // namespace halftone::qconv
