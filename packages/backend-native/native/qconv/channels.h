// Depthwise: each channel has a window of its own, so channels lie side by side in a vector.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "../arch/cpu.h"
#include "../loops/loops.h"
#include "../qgemm/qgemm.h"

namespace halftone::qconv {

// Channels are padded to blocks of so many.
constexpr size_t kChannelBlock = 64;

// Weights without their zero points.
struct ChannelWeights {
  size_t kernel_h, kernel_w;
  size_t channels, padded;
  // [(tap + 1) / 2][padded][2]; what is behind the last tap is 0.
  const int16_t* pairs;
  // Of each kernel column four rows side by side, in the order of the kernel that interleaves codes, repeated where that fills
  // a block; null where weights are no bytes.
  const int8_t* quads;

  size_t taps() const { return kernel_h * kernel_w; }
  size_t row_quads() const { return (kernel_h + 3) / 4; }
};

// Whether so few channels fill a block by being repeated: windows side by side then lie in one vector.
inline bool Repeats(size_t channels) { return channels > 0 && channels < kChannelBlock && kChannelBlock % channels == 0; }

// One line of windows, over an image with its border and unsigned codes, or over lines as they came.
struct ChannelLine {
  const ChannelWeights* weights;
  // The first code of the first window in its image, how many there are, and codes from one to the next.
  const uint8_t* first;
  size_t count, step;
  // Columns from one window, and from one column of a window, to the next.
  size_t stride, dilation;
  // Codes from the first of a window to each tap.
  const size_t* offsets;
  // Lines as they came: one for each row of the kernel, null for the border, with columns of border before and behind.
  const uint8_t* const* rows;
  size_t left, width;
  // What makes codes unsigned, and the border's, which is.
  uint8_t flip, border;
  qgemm::Epilogue epilogue;
  void* y;  // [count][channels]
  uint8_t* scratch;
  const Loops* loops;
};

// Bytes of scratch for lines of so many columns.
inline size_t ChannelScratchBytes(const ChannelWeights& weights, size_t columns) {
  const size_t sums = weights.padded * sizeof(int32_t), quads = columns * weights.row_quads() * 4 * kChannelBlock;
  return sums > quads ? sums : quads;
}

// Up to 63 codes behind the last channel of a window are read.
using ChannelKernel = void (*)(const ChannelLine& line);

struct ChannelKernelRow {
  const char* name;
  ChannelKernel kernel;
  // Whether it reads lines as they came.
  bool reads_lines;
};

// The kernel of the best of these tiers, or the best that takes weights of int16.
ChannelKernelRow SelectChannels(uint32_t tiers, bool quads, qgemm::Output output);

// Where the kernel that interleaves codes meets a weight. Of 64 channels each vector has four of each sixteen.
inline size_t QuadPlace(const ChannelWeights& weights, size_t channel, size_t tap) {
  const size_t row = tap / weights.kernel_w, column = tap % weights.kernel_w;
  const size_t quad = column * weights.row_quads() + row / 4;
  const size_t in_block = channel % 16 / 4 * 64 + channel % kChannelBlock / 16 * 16 + channel % 4 * 4 + row % 4;
  return (quad * weights.padded + channel / kChannelBlock * kChannelBlock) * 4 + in_block;
}

}  // namespace halftone::qconv
