#include "qgemm.h"

namespace halftone::qgemm {

#define HALFTONE_KERNEL(name, tier, layout, function, least_m, least_k) \
  void function(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t* scratch);
#include "kernels.inc"
#undef HALFTONE_KERNEL

namespace {

constexpr KernelRow kKernels[] = {
#define HALFTONE_KERNEL(name, tier, layout, function, least_m, least_k) \
  {name, tier, Layout::layout, function, least_m, least_k},
#include "kernels.inc"
#undef HALFTONE_KERNEL
};

}  // namespace

const KernelRow* AllKernels(size_t* count) {
  *count = sizeof(kKernels) / sizeof(kKernels[0]);
  return kKernels;
}

const KernelRow* Select(uint32_t tiers, Layout layout, size_t m, size_t k) {
  const KernelRow* best = nullptr;
  for (const KernelRow& row : kKernels)
    if ((tiers & row.tier) && row.layout == layout && m >= row.least_m && k >= row.least_k) best = &row;
  return best;
}

Layout LayoutFor(uint32_t tiers) {
  Layout layout = Layout::kPairs;
  for (const KernelRow& row : kKernels)
    if (tiers & row.tier) layout = row.layout;
  return layout;
}

}  // namespace halftone::qgemm
