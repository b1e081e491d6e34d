#include "window.h"

#include <initializer_list>

#include "../base/buffer.h"

namespace halftone::qconv {
namespace {

constexpr size_t kMostTaps = size_t{1} << 24;

// Whether `out` windows fit side by side into `extent`.
bool Fits(size_t out, size_t stride, size_t kernel, size_t dilation, size_t extent) {
  return out == 0 || (out - 1) * stride + (kernel - 1) * dilation + 1 <= extent;
}

}  // namespace

bool ReadWindow(const int32_t* numbers, Window* window) {
  for (size_t i = 0; i < kWindowNumbers; ++i)
    if (numbers[i] < 0) return false;
  size_t i = 0;
  for (size_t* field : {&window->n, &window->h, &window->w, &window->c, &window->kernel_h, &window->kernel_w,
                        &window->stride_h, &window->stride_w, &window->top, &window->left, &window->bottom,
                        &window->right, &window->dilation_h, &window->dilation_w, &window->out_h, &window->out_w})
    *field = static_cast<size_t>(numbers[i++]);
  const Window& v = *window;
  for (const size_t least_one : {v.kernel_h, v.kernel_w, v.stride_h, v.stride_w, v.dilation_h, v.dilation_w})
    if (least_one == 0) return false;
  if (v.taps() > kMostTaps) return false;
  size_t codes;
  // Each number has 31 bits; an image of int16 with a border has to fit into memory, and so has what comes of it.
  const auto fits = [&](std::initializer_list<size_t> factors) {
    codes = 8;
    for (const size_t factor : factors)
      if (!CheckedMultiply(codes, factor + 1, &codes)) return false;
    return true;
  };
  return fits({v.n, v.padded_h(), v.padded_w(), v.c}) && fits({v.n, v.out_h, v.out_w, v.c}) &&
         fits({v.kernel_h, v.kernel_w, v.c}) && Fits(v.out_h, v.stride_h, v.kernel_h, v.dilation_h, v.padded_h()) &&
         Fits(v.out_w, v.stride_w, v.kernel_w, v.dilation_w, v.padded_w());
}

}  // namespace halftone::qconv
