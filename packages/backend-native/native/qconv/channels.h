// Depthwise: each channel has a window of its own, so channels lie side by side in a vector.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "../arch/cpu.h"
#include "../loops/loops.h"
#include "../qgemm/qgemm.h"
#include "window.h"

namespace halftone::qconv {

// Channels are padded to blocks of so many.
constexpr size_t kChannelBlock = 64;

// Channels that the kernel of quads takes at a time: 64 of them fill a vector, fewer lie in it once for each of several windows.
struct ChannelBlock {
  size_t first, width;

  static ChannelBlock At(size_t first, size_t channels) {
    const size_t rest = channels - first;
    return {first, rest > 48 ? size_t{64} : rest > 16 ? size_t{32} : size_t{16}};
  }
  // Channel of each of the 64 places; those past the last channel are padding.
  size_t channel(size_t place, size_t channels) const {
    return first + place % (channels < width && width % channels == 0 ? channels : width);
  }
};

inline size_t CountChannelBlocks(size_t channels) {
  size_t count = 0;
  for (size_t at = 0; at < channels; at += ChannelBlock::At(at, channels).width) ++count;
  return count;
}

// Weights without their zero points.
struct ChannelWeights {
  size_t kernel_h, kernel_w;
  size_t channels, padded;
  // [(tap + 1) / 2][padded][2]; what is behind the last tap is 0.
  const int16_t* pairs;
  // Of each kernel column four rows side by side, in the order of the kernel that interleaves codes, and that once for each row
  // at which the window may begin among the four: [block][start][column][row / 4][kQuadBytes]. Null where weights are no bytes.
  const int8_t* quads;

  size_t taps() const { return kernel_h * kernel_w; }
  size_t row_quads() const { return (kernel_h + 3) / 4; }
  size_t starts() const { return 4 * row_quads() - kernel_h + 1; }
  // Bytes of quads of a block from one start to the next.
  size_t start_bytes() const { return kernel_w * row_quads() * 4 * kChannelBlock; }
};

// Lines of windows. The kernel reads images with their border and unsigned codes, or images as they came.
struct ChannelImages {
  const ChannelWeights* weights;
  const Window* window;
  const uint8_t* bordered;
  // Codes from the first of a window to each tap, where there is a border.
  const size_t* offsets;
  const uint8_t* x;
  // What makes codes of x unsigned, and the code of the border as it came.
  uint8_t flip, zero;
  qgemm::Epilogue epilogue;
  void* y;
  uint8_t* scratch;
  const Loops* loops;
};

// Computes lines [first, last) of all images. Up to 63 codes behind the last channel of a window with its border are read.
using ChannelKernel = void (*)(const ChannelImages& images, size_t first, size_t last);

struct ChannelKernelRow {
  const char* name;
  ChannelKernel kernel;
  // Bytes of scratch for a thread, which begin at a multiple of kAlignment.
  size_t (*scratch_bytes)(const Window& window);
  // Whether it reads images as they came.
  bool reads_lines;
};

// The kernel of the best of these tiers, or the best that takes weights of int16.
ChannelKernelRow SelectChannels(uint32_t tiers, bool quads, qgemm::Output output);

// Where the kernel that interleaves codes meets a weight. Of 64 places each vector has four of each sixteen.
inline size_t QuadPlace(const ChannelWeights& weights, size_t block, size_t place, size_t start, size_t tap) {
  const size_t row = tap / weights.kernel_w + start, column = tap % weights.kernel_w;
  const size_t quad = (block * weights.starts() + start) * weights.kernel_w * weights.row_quads() +
                      column * weights.row_quads() + row / 4;
  return quad * 4 * kChannelBlock + place % 16 / 4 * 64 + place / 16 * 16 + place % 4 * 4 + row % 4;
}

}  // namespace halftone::qconv
