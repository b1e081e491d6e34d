#include "conv.h"

#include <string.h>

#include <algorithm>

#include "../qgemm/parts.h"

namespace halftone::qconv {
namespace {

using qgemm::Layout;
using qgemm::Output;

// Multiplications of a nanosecond, where they are no products.
constexpr double kLanesPerNanosecond = 150, kChannelsPerNanosecond = 40;
// Rows that are gathered at a time: whole blocks of every kernel.
constexpr size_t kGathered = 96;
// Codes behind a run that a copy may take along.
constexpr size_t kCopySlack = 64;

// Copies `bytes`, and up to sixteen more where they are few.
inline void CopyRun(uint8_t* to, const uint8_t* from, size_t bytes) {
  if (bytes > 64) {
    memcpy(to, from, bytes);
    return;
  }
  for (size_t i = 0; i < bytes; i += 16) memcpy(to + i, from + i, 16);
}

size_t SizeOf(Output output) { return output == Output::kInt32 || output == Output::kFloat32 ? 4 : 1; }

}  // namespace

std::unique_ptr<Conv> Conv::Make(const ConvShape& shape, uint32_t tiers, unsigned threads) {
  std::unique_ptr<Conv> conv(new Conv());
  conv->shape_ = shape;
  conv->loops_ = &LoopsFor(tiers);
  const FilterShape& filters = shape.filters;
  const Window& window = filters.window;
  const Layout layout = qgemm::LayoutFor(tiers);
  const double sums = static_cast<double>(window.pixels()) * static_cast<double>(filters.o);
  const double work = sums * static_cast<double>(filters.depth());
  conv->sharing_ = shape.form == Form::kChannels ? SharingOf(work / kChannelsPerNanosecond)
                   : shape.form == Form::kLanes  ? SharingOf(work / kLanesPerNanosecond)
                                                 : qgemm::SharingOf(window.pixels(), filters.o, filters.depth());
  conv->threads_ = conv->sharing_ == Sharing::kNever ? 1 : threads;
  if (!conv->columns_.Reserve(filters.o, shape.multiplier_per_column, shape.output)) return nullptr;
  size_t slack = 16 * window.stride_w * window.c + qgemm::kDepthBlock;
  bool all;
  if (shape.form == Form::kChannels) {
    conv->code_form_ = shape.x_signed ? CodeForm::kFlipped : CodeForm::kAsIs;
    conv->channels_ = SelectChannels(tiers, shape.quads, shape.output);
    conv->name_ = conv->channels_.name;
    all = conv->ReserveChannels();
  } else if (shape.form == Form::kLanes) {
    conv->code_form_ = shape.x_signed ? CodeForm::kFlipped : CodeForm::kAsIs;
    conv->lanes_ = SelectLanes(tiers);
    conv->name_ = "qconv_%s_lanes_avx512vbmi";
    conv->ReserveLanes();
    all = true;
  } else if (shape.form == Form::kPatches) {
    conv->kernel_ = qgemm::Select(tiers, layout, 16, filters.padded_depth());
    conv->name_ = "qconv_%s_patches_amx";
    all = conv->ReservePatches();
  } else {
    conv->kernel_ = qgemm::Select(tiers, layout, std::min(window.pixels(), kGathered), filters.depth());
    conv->name_ = conv->kernel_->name;
    const bool flips = layout == Layout::kQuads && conv->kernel_->tier != kAmx &&
                       qgemm::PartnerSigned(conv->kernel_->tier, filters.w_signed) != shape.x_signed;
    conv->code_form_ = layout == Layout::kPairs ? CodeForm::kInt16 : flips ? CodeForm::kFlipped : CodeForm::kAsIs;
    conv->code_bytes_ = layout == Layout::kPairs ? 2 : 1;
    all = conv->ReserveRows();
  }
  if (conv->channels_.reads_lines) return all ? std::move(conv) : nullptr;
  size_t bytes;
  if (!all || !ImageBytes(window, conv->code_form_, 2 * (slack + kCopySlack), &bytes)) return nullptr;
  conv->image_data_ = conv->image_.ReserveOf<uint8_t>(bytes);
  if (!conv->image_data_) return nullptr;
  // What stands behind the images is read, and multiplied with 0.
  memset(conv->image_data_, 0, bytes);
  return conv;
}

bool Conv::ReserveRows() {
  const FilterShape& filters = shape_.filters;
  const bool tiles = kernel_->tier == kAmx;
  depth_ = tiles ? RoundUp(filters.depth(), qgemm::kDepthBlock) : filters.depth();
  lda_ = code_bytes_ == 2 ? RoundUp(depth_, 2) : depth_;
  // Rows whose distance shares places in the cache would be copied once more.
  if (tiles && lda_ % 1024 == 0) lda_ += qgemm::kDepthBlock;
  for (size_t r = 0; r < filters.runs(); ++r) offsets_.push_back(filters.run_offset(r) * code_bytes_);
  size_t bytes;
  if (!CheckedMultiply(kGathered * code_bytes_, lda_ + kCopySlack, &bytes)) return false;
  for (unsigned thread = 0; thread < threads_; ++thread) {
    scratch_.emplace_back(), rows_.emplace_back(), row_sums_.emplace_back();
  }
  for (unsigned thread = 0; thread < threads_; ++thread) {
    void* rows = rows_[thread].Reserve(bytes);
    if (!rows || !scratch_[thread].Reserve(qgemm::ScratchBytes(RoundUp(depth_, qgemm::kDepthBlock))) ||
        !row_sums_[thread].ReserveOf<int32_t>(kGathered))
      return false;
    memset(rows, 0, bytes);
  }
  group_sums_data_ = group_sums_.ReserveOf<int32_t>(filters.o);
  return group_sums_data_ != nullptr;
}

bool Conv::ReservePatches() {
  const FilterShape& filters = shape_.filters;
  const Window& window = filters.window;
  depth_ = filters.padded_depth();
  for (size_t r = 0; r < filters.runs(); ++r)
    for (size_t at = 0; at < filters.run(); at += qgemm::kDepthBlock)
      blocks_.push_back(static_cast<uint32_t>(filters.run_offset(r) + at));
  row_stride_ = window.stride_w * window.c;
  const size_t line = window.padded_w();
  // At stride 1 sixteen neighbours may begin anywhere: what lies between two lines of windows is computed in vain.
  const size_t flat = window.stride_h == 1 && window.stride_w == 1 && window.out_h > 0
                          ? ((window.out_h - 1) * line + window.out_w + 15) / 16
                          : SIZE_MAX;
  const size_t by_lines = window.out_h * ((window.out_w + 15) / 16);
  for (size_t image = 0; image < window.n; ++image) {
    const size_t first = image * window.padded_h() * line;
    const size_t tiles = std::min(flat, by_lines), across = (window.out_w + 15) / 16;
    for (size_t tile = 0; tile < tiles; ++tile) {
      const size_t y = flat <= by_lines ? 0 : tile / across;
      const size_t start = flat <= by_lines ? 16 * tile : tile % across * 16;
      tile_rows_.push_back((first + y * window.stride_h * line + start * window.stride_w) * window.c);
      for (size_t i = start; i < start + 16; ++i) {
        const size_t oh = flat <= by_lines ? i / line : y, ow = flat <= by_lines ? i % line : i;
        const bool inside = ow < window.out_w && oh < window.out_h;
        places_.push_back(inside ? static_cast<int32_t>((image * window.out_h + oh) * window.out_w + ow) : -1);
      }
    }
  }
  // A block has two times sixteen rows.
  if (!tile_rows_.empty()) tile_rows_.push_back(tile_rows_.back());
  for (unsigned thread = 0; thread < threads_; ++thread) scratch_.emplace_back();
  for (Buffer& scratch : scratch_)
    if (!scratch.Reserve(qgemm::ScratchBytes(depth_))) return false;
  return true;
}

void Conv::ReserveLanes() {
  const FilterShape& filters = shape_.filters;
  const Window& window = filters.window;
  for (size_t row = 0; row < window.kernel_h; ++row)
    for (size_t quad = 0; quad < filters.row_quads(); ++quad)
      offsets_.push_back(row * window.dilation_h * window.padded_w() * window.c + quad * 4);
}

bool Conv::ReserveChannels() {
  const FilterShape& filters = shape_.filters;
  for (size_t tap = 0; tap < filters.window.taps(); ++tap) offsets_.push_back(filters.tap_offset(tap));
  for (unsigned thread = 0; thread < threads_; ++thread) scratch_.emplace_back();
  for (Buffer& scratch : scratch_)
    if (!scratch.Reserve(channels_.scratch_bytes(filters.window))) return false;
  return true;
}

qgemm::Epilogue Conv::EpilogueOf(const int32_t* sums, const ConvOperands& operands, bool* shifted) {
  const FilterShape& filters = shape_.filters;
  *shifted = false;
  const bool channels = shape_.form == Form::kChannels;
  for (size_t j = 0; j < (filters.zero_per_column ? filters.o : 1); ++j) {
    const uint8_t code = operands.w_zero[j];
    // Weights of channels are held without theirs.
    columns_.zeros()[j] = channels ? 0 : filters.w_signed ? static_cast<int8_t>(code) : code;
    *shifted |= columns_.zeros()[j] != 0;
  }
  const uint32_t x_zero = static_cast<uint32_t>(shape_.x_signed ? static_cast<int8_t>(operands.x_zero) : operands.x_zero);
  const uint32_t offset = code_form_ == CodeForm::kFlipped ? (shape_.x_signed ? -128u : 128u) : 0u;
  return columns_.Prepare(sums, offset - x_zero, static_cast<uint32_t>(filters.depth()) * x_zero, columns_.zeros(),
                          filters.zero_per_column, operands.way_out);
}

void Conv::Run(const Filters& filters, const ConvOperands& operands, ThreadPool* pool) {
  if (shape_.filters.window.pixels() == 0 || shape_.filters.o == 0) return;
  const unsigned threads = ThreadsFor(sharing_, *pool);
  if (!channels_.reads_lines) pool->Run(threads, [&](unsigned thread, unsigned count) {
    FillImage(shape_.filters.window, code_form_, *loops_, operands.x, shape_.x_signed, operands.x_zero, thread, count,
              image_data_);
  });
  if (shape_.form == Form::kChannels)
    RunChannels(filters, operands, pool, threads);
  else if (shape_.form == Form::kPatches)
    RunPatches(filters, operands, pool, threads);
  else if (shape_.form == Form::kLanes)
    RunLanes(filters, operands, pool, threads);
  else
    RunRows(filters, operands, pool, threads);
}

void Conv::RunPatches(const Filters& filters, const ConvOperands& operands, ThreadPool* pool, unsigned threads) {
  const qgemm::PackedB& b = *filters.groups[0];
  bool shifted;
  const qgemm::Patches patches = {tile_rows_.data(), row_stride_, blocks_.data(), places_.data()};
  qgemm::Product product = {};
  product.a = image_data_;
  product.patches = &patches;
  product.a_signed = shape_.x_signed;
  product.b = &b;
  product.m = places_.size();
  product.n = shape_.filters.o;
  product.k = depth_;
  product.y = operands.y;
  product.ldy = shape_.filters.o;
  product.epilogue = EpilogueOf(b.column_sums, operands, &shifted);
  qgemm::ForParts(pool, threads, product, [&](const qgemm::Part& part) {
    kernel_->kernel(product, part.m0, part.m1, part.n0, part.n1, static_cast<uint8_t*>(scratch_[part.thread].data()));
  });
}

// Rows of windows [first, first + count), of one group.
void Conv::Gather(size_t first, size_t count, size_t group, uint8_t* to) const {
  const FilterShape& filters = shape_.filters;
  const Window& window = filters.window;
  const size_t run = filters.run() * code_bytes_, runs = filters.runs();
  const auto start_of = [&](size_t line) {
    const size_t row = line / window.out_h * window.padded_h() + line % window.out_h * window.stride_h;
    return row * window.padded_w() * window.c + group * filters.group_channels();
  };
  size_t line = first / window.out_w, column = first % window.out_w;
  size_t start = start_of(line) + column * window.stride_w * window.c;
  for (size_t i = 0; i < count; ++i, ++column, start += window.stride_w * window.c) {
    if (column == window.out_w) {
      column = 0;
      start = start_of(++line);
    }
    const uint8_t* from = image_data_ + start * code_bytes_;
    uint8_t* row = to + i * lda_ * code_bytes_;
    for (size_t r = 0; r < runs; ++r) CopyRun(row + r * run, from + offsets_[r], run);
    // Pairs of int16 have a second one.
    if (code_bytes_ == 2 && filters.depth() % 2 != 0) memset(row + filters.depth() * 2, 0, 2);
  }
}

// Sums of the codes of gathered rows as they were, times a factor.
void Conv::SumRows(size_t count, const uint8_t* rows, uint32_t factor, int32_t* sums) const {
  const size_t depth = shape_.filters.depth();
  for (size_t i = 0; i < count; ++i) {
    uint32_t sum = 0;
    if (code_bytes_ == 2) {
      const int16_t* row = reinterpret_cast<const int16_t*>(rows) + i * lda_;
      for (size_t d = 0; d < depth; ++d) sum += static_cast<uint32_t>(static_cast<int32_t>(row[d]));
    } else {
      const uint8_t* row = rows + i * lda_;
      const bool flipped = code_form_ == CodeForm::kFlipped;
      // Codes that were flipped are those of the other signedness, 128 more or less.
      sum = (shape_.x_signed != flipped ? loops_->sum_s8 : loops_->sum_u8)(row, depth);
      if (flipped) sum += (shape_.x_signed ? -128u : 128u) * static_cast<uint32_t>(depth);
    }
    sums[i] = static_cast<int32_t>(factor * sum);
  }
}

void Conv::RunRows(const Filters& filters, const ConvOperands& operands, ThreadPool* pool, unsigned threads) {
  const FilterShape& shape = shape_.filters;
  const size_t outputs = shape.group_outputs(), pixels = shape.window.pixels();
  for (size_t group = 0; group < shape.groups; ++group)
    memcpy(group_sums_data_ + group * outputs, filters.groups[group]->column_sums, outputs * sizeof(int32_t));
  bool shifted;
  const qgemm::Epilogue whole = EpilogueOf(group_sums_data_, operands, &shifted);
  const uint32_t factor = shape.zero_per_column ? 1u : static_cast<uint32_t>(columns_.zeros()[0]);
  const size_t blocks = (pixels + kGathered - 1) / kGathered;
  const size_t most = qgemm::MostColumns(filters.groups[0]->k_padded);
  const unsigned used = static_cast<unsigned>(std::min<size_t>(threads, blocks));
  pool->Run(used, [&](unsigned thread, unsigned count) {
    const FloatEnvironment environment;
    uint8_t* const rows = static_cast<uint8_t*>(rows_[thread].data());
    int32_t* const row_sums = static_cast<int32_t*>(row_sums_[thread].data());
    for (size_t block = blocks * thread / count; block < blocks * (thread + 1) / count; ++block) {
      const size_t first = block * kGathered, gathered = std::min(kGathered, pixels - first);
      for (size_t group = 0; group < shape.groups; ++group) {
        Gather(first, gathered, group, rows);
        const size_t column = group * outputs;
        qgemm::Product product = {};
        product.a = rows;
        product.lda = lda_;
        product.a_signed = shape_.x_signed;
        product.b = filters.groups[group].get();
        product.m = gathered;
        product.n = outputs;
        product.k = depth_;
        product.y = static_cast<uint8_t*>(operands.y) + (first * shape.o + column) * SizeOf(shape_.output);
        product.ldy = shape.o;
        product.epilogue = whole;
        product.epilogue.column += column;
        product.epilogue.multiplier += column;
        if (whole.float_bias) product.epilogue.float_bias += column;
        if (shifted) {
          SumRows(gathered, rows, factor, row_sums);
          product.epilogue.row = row_sums;
          product.epilogue.b_zero = shape.zero_per_column ? columns_.zeros() + column : nullptr;
        }
        for (size_t n0 = 0; n0 < outputs; n0 += most)
          kernel_->kernel(product, 0, gathered, n0, std::min(outputs, n0 + most), static_cast<uint8_t*>(scratch_[thread].data()));
      }
    }
  });
}

void Conv::RunLanes(const Filters& filters, const ConvOperands& operands, ThreadPool* pool, unsigned threads) {
  bool shifted;
  const LaneImages images = {&shape_.filters.window, image_data_,    offsets_.data(),
                             offsets_.size(),        filters.lanes,  shape_.filters.o,
                             EpilogueOf(filters.sums_data, operands, &shifted), operands.y};
  const size_t halves = CountHalves(shape_.filters.window);
  pool->Run(threads, [&](unsigned thread, unsigned count) {
    const FloatEnvironment environment;
    lanes_(images, halves * thread / count, halves * (thread + 1) / count);
  });
}

void Conv::RunChannels(const Filters& filters, const ConvOperands& operands, ThreadPool* pool, unsigned threads) {
  const FilterShape& shape = shape_.filters;
  const Window& window = shape.window;
  bool shifted;
  const qgemm::Epilogue epilogue = EpilogueOf(filters.sums_data, operands, &shifted);
  const size_t lines = window.n * window.out_h;
  pool->Run(threads, [&](unsigned thread, unsigned count) {
    const FloatEnvironment environment;
    ChannelImages images = {};
    images.weights = &filters.channels;
    images.window = &window;
    images.bordered = image_data_;
    images.offsets = offsets_.data();
    images.x = operands.x;
    images.flip = shape_.x_signed ? 0x80 : 0;
    images.zero = operands.x_zero;
    images.epilogue = epilogue;
    images.y = operands.y;
    images.scratch = static_cast<uint8_t*>(scratch_[thread].data());
    images.loops = loops_;
    channels_.kernel(images, lines * thread / count, lines * (thread + 1) / count);
  });
}

}  // namespace halftone::qconv
