// Filters of a convolution, brought once into the form in which they are used.
#pragma once

#include <memory>
#include <vector>

#include "../qgemm/qgemm.h"
#include "channels.h"
#include "window.h"

namespace halftone::qconv {

enum class Form : uint8_t {
  // Products of the image's own rows, which AMX reads where they are: K in runs of neighbours, each of whole depth blocks.
  kPatches,
  // Products of rows that are gathered: K as (kernel row, kernel column, channel of the group).
  kRows,
  // Sixteen windows side by side in a vector, where images have few channels: see lanes.h.
  kLanes,
  // Each channel by itself: [tap][channel], int16 without their zero points.
  kChannels,
};

struct FilterShape {
  Window window;
  size_t o, groups;
  bool w_signed, zero_per_column;

  size_t group_channels() const { return window.c / groups; }
  size_t group_outputs() const { return o / groups; }
  // Neighbours in the image that belong to one filter, and how many such runs there are.
  size_t run() const { return joined() ? window.kernel_w * window.c : group_channels(); }
  size_t runs() const { return joined() ? window.kernel_h : window.taps(); }
  size_t depth() const { return window.taps() * group_channels(); }
  // Depth of patches.
  size_t padded_depth() const { return runs() * RoundUp(run(), qgemm::kDepthBlock); }
  // Codes from the first of a window to each of its runs.
  size_t run_offset(size_t r) const { return tap_offset(joined() ? r * window.kernel_w : r); }
  // Quads of codes of a window's rows, each row's for itself.
  size_t row_quads() const { return (window.kernel_w * window.c + 3) / 4; }
  size_t quads() const { return window.kernel_h * row_quads(); }
  size_t tap_offset(size_t tap) const {
    const size_t row = tap / window.kernel_w, column = tap % window.kernel_w;
    return (row * window.dilation_h * window.padded_w() + column * window.dilation_w) * window.c;
  }

 private:
  bool joined() const { return groups == 1 && window.dilation_w == 1; }
};

struct Filters {
  FilterShape shape;
  Form form;
  qgemm::Layout layout;
  // One of each group.
  std::vector<std::unique_ptr<qgemm::PackedB>> groups;
  // Of kChannels.
  ChannelWeights channels = {};
  Buffer pairs;
  // Of kChannels and of kLanes: weights four and four, and the sum of each filter's.
  Buffer quads, sums;
  const int8_t* lanes = nullptr;
  int32_t* sums_data = nullptr;

  size_t byte_length() const;
};

// `codes` are [o][kernel_h][kernel_w][c / groups], `zeros` one or one a filter. `lasting`: these values stay, so that the form
// may be one that only they allow. Null where there is no memory.
std::unique_ptr<Filters> MakeFilters(const FilterShape& shape, uint32_t tiers, const uint8_t* codes, const uint8_t* zeros,
                                     bool lasting);

}  // namespace halftone::qconv
