#include "filters.h"

#include <string.h>

#include "lanes.h"

namespace halftone::qconv {
namespace {

// Quads of all filters up to which lanes are faster than products, whose rows have to be gathered.
constexpr size_t kMostLaneQuads = 768;
// Padding that patches may add to the depth before gathered rows are the better.
constexpr double kMostPadding = 1.5;

int32_t Value(uint8_t code, bool is_signed) { return is_signed ? static_cast<int8_t>(code) : code; }

bool AllZero(const FilterShape& shape, const uint8_t* zeros) {
  for (size_t j = 0; j < (shape.zero_per_column ? shape.o : 1); ++j)
    if (zeros[j] != 0) return false;
  return true;
}

bool FitsLanes(const FilterShape& shape, uint32_t tiers) {
  const Window& window = shape.window;
  if (!SelectLanes(tiers) || !shape.w_signed || shape.depth() == 0 || window.dilation_w != 1) return false;
  if (window.stride_w * window.c > kMostLaneStep) return false;
  // Short lines leave lanes without a window.
  return shape.o * shape.quads() * RoundUp(window.out_w, kLaneWindows) <= kMostLaneQuads * window.out_w;
}

Form FormOf(const FilterShape& shape, uint32_t tiers, const uint8_t* zeros, bool lasting) {
  if (shape.group_channels() == 1 && shape.o == shape.window.c) return Form::kChannels;
  // What remains knows nothing of zero points, and rows of patches have codes of others between their runs, so that their sums
  // are not those of the window.
  if (shape.groups != 1 || !lasting || shape.depth() == 0 || !AllZero(shape, zeros)) return Form::kRows;
  if (FitsLanes(shape, tiers)) return Form::kLanes;
  // Offsets of patches have 32 bits.
  if (!(tiers & kAmx) || shape.run_offset(shape.runs() - 1) + shape.run() > UINT32_MAX) return Form::kRows;
  const double padded = static_cast<double>(shape.padded_depth());
  const bool worth = padded <= kMostPadding * static_cast<double>(RoundUp(shape.depth(), qgemm::kDepthBlock));
  return worth ? Form::kPatches : Form::kRows;
}

bool PackChannels(Filters* filters, uint32_t tiers, const uint8_t* codes, const uint8_t* zeros, bool lasting) {
  const FilterShape& shape = filters->shape;
  ChannelWeights& w = filters->channels;
  w.kernel_h = shape.window.kernel_h;
  w.kernel_w = shape.window.kernel_w;
  w.channels = shape.o;
  w.padded = RoundUp(shape.o, kChannelBlock);
  const size_t taps = w.taps();
  const size_t pairs = RoundUp(taps, 2) * w.padded, quads = CountChannelBlocks(shape.o) * w.starts() * w.start_bytes();
  int16_t* const pair_data = filters->pairs.ReserveOf<int16_t>(pairs);
  int8_t* const quad_data = filters->quads.ReserveOf<int8_t>(quads);
  filters->sums_data = filters->sums.ReserveOf<int32_t>(w.padded);
  if (!pair_data || !quad_data || !filters->sums_data) return false;
  memset(pair_data, 0, pairs * sizeof(int16_t));
  memset(quad_data, 0, quads);
  memset(filters->sums_data, 0, w.padded * sizeof(int32_t));
  bool bytes = true;
  for (size_t channel = 0; channel < shape.o; ++channel) {
    const int32_t zero = Value(zeros[shape.zero_per_column ? channel : 0], shape.w_signed);
    for (size_t tap = 0; tap < taps; ++tap) {
      const int32_t value = Value(codes[channel * taps + tap], shape.w_signed) - zero;
      bytes &= value >= -128 && value <= 127;
      pair_data[(tap / 2 * w.padded + channel) * 2 + tap % 2] = static_cast<int16_t>(value);
      filters->sums_data[channel] += value;
    }
  }
  for (size_t at = 0, block = 0; at < shape.o; at += ChannelBlock::At(at, shape.o).width, ++block)
    for (size_t place = 0; place < kChannelBlock; ++place) {
      const size_t channel = ChannelBlock::At(at, shape.o).channel(place, shape.o);
      if (channel >= shape.o) continue;
      for (size_t tap = 0; tap < taps; ++tap)
        for (size_t start = 0; start < w.starts(); ++start)
          quad_data[QuadPlace(w, block, place, start, tap)] =
              static_cast<int8_t>(pair_data[(tap / 2 * w.padded + channel) * 2 + tap % 2]);
    }
  w.pairs = pair_data;
  // Others that come later may be no bytes.
  w.quads = lasting && bytes && (tiers & kAvx512Vnni) ? quad_data : nullptr;
  return true;
}

bool PackLanes(Filters* filters, const uint8_t* codes) {
  const FilterShape& shape = filters->shape;
  const size_t quads = shape.quads(), line = shape.window.kernel_w * shape.window.c;
  const size_t bytes = RoundUp(shape.o, kLaneFilters) * quads * 4;
  int8_t* const data = filters->quads.ReserveOf<int8_t>(bytes);
  filters->sums_data = filters->sums.ReserveOf<int32_t>(shape.o);
  if (!data || !filters->sums_data) return false;
  memset(data, 0, bytes);
  for (size_t filter = 0; filter < shape.o; ++filter) {
    int32_t sum = 0;
    for (size_t row = 0; row < shape.window.kernel_h; ++row)
      for (size_t at = 0; at < line; ++at) {
        const int8_t weight = static_cast<int8_t>(codes[(filter * shape.window.kernel_h + row) * line + at]);
        const size_t quad = filter / kLaneFilters * quads + row * shape.row_quads() + at / 4;
        data[(quad * kLaneFilters + filter % kLaneFilters) * 4 + at % 4] = weight;
        sum += weight;
      }
    filters->sums_data[filter] = sum;
  }
  filters->lanes = data;
  return true;
}

}  // namespace

size_t Filters::byte_length() const {
  size_t bytes = pairs.size() + quads.size() + sums.size();
  for (const auto& group : groups) bytes += group->codes.size() + group->sums.size();
  return bytes;
}

std::unique_ptr<Filters> MakeFilters(const FilterShape& shape, uint32_t tiers, const uint8_t* codes, const uint8_t* zeros,
                                     bool lasting) {
  std::unique_ptr<Filters> filters(new Filters());
  filters->shape = shape;
  filters->form = FormOf(shape, tiers, zeros, lasting);
  filters->layout = qgemm::LayoutFor(tiers);
  if (filters->form == Form::kChannels) return PackChannels(filters.get(), tiers, codes, zeros, lasting) ? std::move(filters) : nullptr;
  if (filters->form == Form::kLanes) return PackLanes(filters.get(), codes) ? std::move(filters) : nullptr;
  const size_t depth = shape.depth(), n = shape.group_outputs();
  Buffer padded;
  const uint8_t* from = codes;
  size_t k = depth;
  if (filters->form == Form::kPatches) {
    k = shape.padded_depth();
    const size_t run = shape.run(), padded_run = RoundUp(run, qgemm::kDepthBlock);
    uint8_t* to = padded.ReserveOf<uint8_t>(n * k);
    if (!to) return nullptr;
    memset(to, 0, n * k);
    for (size_t r = 0; r < n * shape.runs(); ++r) memcpy(to + r * padded_run, codes + r * run, run);
    from = to;
  }
  for (size_t group = 0; group < shape.groups; ++group) {
    filters->groups.emplace_back(new qgemm::PackedB());
    if (!qgemm::Pack(filters->groups.back().get(), filters->layout, from + group * n * k, shape.w_signed, n, k, true))
      return nullptr;
  }
  return filters;
}

}  // namespace halftone::qconv
