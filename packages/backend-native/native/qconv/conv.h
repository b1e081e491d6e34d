// Convolution of NHWC codes with prepared filters, by products or channel by channel; its sums end like those of products.
#pragma once

#include <memory>
#include <vector>

#include "../base/sharing.h"
#include "../loops/loops.h"
#include "../qgemm/columns.h"
#include "channels.h"
#include "filters.h"
#include "image.h"
#include "lanes.h"

namespace halftone::qconv {

struct ConvShape {
  FilterShape filters;
  Form form;
  // Of kChannels: whether the weights are bytes.
  bool quads;
  bool x_signed;
  qgemm::Output output;
  bool multiplier_per_column;
};

struct ConvOperands {
  const uint8_t* x;
  uint8_t x_zero;
  // One, or one a filter, codes in the type of the filters.
  const uint8_t* w_zero;
  qgemm::WayOut way_out;
  void* y;
};

class Conv {
 public:
  // Null where there is no memory for what it needs at each run.
  static std::unique_ptr<Conv> Make(const ConvShape& shape, uint32_t tiers, unsigned threads);

  // `qconv_%s_...`, or the kernel of its products; signednesses are to be filled in.
  const char* name() const { return name_; }

  // Computes y from filters of this shape and form. Nothing is allocated.
  void Run(const Filters& filters, const ConvOperands& operands, ThreadPool* pool);

 private:
  Conv() = default;
  bool ReserveRows();
  bool ReservePatches();
  bool ReserveChannels();
  void ReserveLanes();
  void RunRows(const Filters& filters, const ConvOperands& operands, ThreadPool* pool, unsigned threads);
  void RunPatches(const Filters& filters, const ConvOperands& operands, ThreadPool* pool, unsigned threads);
  void RunLanes(const Filters& filters, const ConvOperands& operands, ThreadPool* pool, unsigned threads);
  void RunChannels(const Filters& filters, const ConvOperands& operands, ThreadPool* pool, unsigned threads);
  void Gather(size_t first, size_t count, size_t group, uint8_t* to) const;
  void SumRows(size_t count, const uint8_t* rows, uint32_t factor, int32_t* sums) const;
  qgemm::Epilogue EpilogueOf(const int32_t* sums, const ConvOperands& operands, bool* shifted);

  ConvShape shape_;
  const char* name_ = "";
  const Loops* loops_ = nullptr;
  const qgemm::KernelRow* kernel_ = nullptr;
  CodeForm code_form_ = CodeForm::kAsIs;
  size_t code_bytes_ = 1;
  // Threads that have what they need, and when they all take part.
  unsigned threads_ = 1;
  Sharing sharing_ = Sharing::kNever;
  // Depth of a product, and codes from one gathered row to the next.
  size_t depth_ = 0, lda_ = 0;
  qgemm::Columns columns_;
  Buffer image_, group_sums_;
  uint8_t* image_data_ = nullptr;
  int32_t* group_sums_data_ = nullptr;
  ChannelKernelRow channels_ = {};
  LaneKernel lanes_ = nullptr;
  // Of each thread.
  std::vector<Buffer> scratch_, rows_, row_sums_;
  // Bytes from the first code of a window to each of its runs, taps or quads.
  std::vector<size_t> offsets_;
  // Patches: see qgemm.h.
  std::vector<size_t> tile_rows_;
  std::vector<uint32_t> blocks_;
  std::vector<int32_t> places_;
  size_t row_stride_ = 0;
};

}  // namespace halftone::qconv
