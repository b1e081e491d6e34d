// The geometry of a window that moves over NHWC images.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace halftone::qconv {

struct Window {
  size_t n, h, w, c;
  size_t kernel_h, kernel_w, stride_h, stride_w;
  size_t top, left, bottom, right;
  size_t dilation_h, dilation_w;
  size_t out_h, out_w;

  size_t padded_h() const { return h + top + bottom; }
  size_t padded_w() const { return w + left + right; }
  size_t taps() const { return kernel_h * kernel_w; }
  size_t pixels() const { return n * out_h * out_w; }
};

// Numbers that geometry is made of, in the order of Window.
constexpr size_t kWindowNumbers = 16;

// False where a size overflows, or where a window would leave its padded image.
bool ReadWindow(const int32_t* numbers, Window* window);

}  // namespace halftone::qconv
