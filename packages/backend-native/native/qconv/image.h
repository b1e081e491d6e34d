// Images with their border, in the form in which kernels read codes: a window then never leaves its image.
#pragma once

#include "../base/thread-pool.h"
#include "../loops/loops.h"
#include "window.h"

namespace halftone::qconv {

enum class CodeForm : uint8_t { kAsIs, kFlipped, kInt16 };

// Bytes of all images; behind them are `slack` more that may be read.
bool ImageBytes(const Window& window, CodeForm form, size_t slack, size_t* bytes);

// Copies images [n][h][w][c] into their borders of `zero`, the threads each some rows.
void FillImage(const Window& window, CodeForm form, const Loops& loops, const uint8_t* x, bool x_signed, uint8_t zero,
               unsigned thread, unsigned threads, void* image);

}  // namespace halftone::qconv
