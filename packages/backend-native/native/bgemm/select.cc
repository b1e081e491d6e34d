#include "bgemm.h"

namespace halftone::bgemm {

size_t NoScratch(size_t) { return 0; }

#define HALFTONE_KERNEL(name, needs, function, scratch, least_m, least_k, most_k)                          \
  void function(const Product& product, size_t m0, size_t m1, size_t n0, size_t n1, uint8_t* scratch_data); \
  size_t scratch(size_t k);
#include "kernels.inc"
#undef HALFTONE_KERNEL

namespace {

constexpr KernelRow kKernels[] = {
#define HALFTONE_KERNEL(name, needs, function, scratch, least_m, least_k, most_k) \
  {name, needs, function, scratch, least_m, least_k, most_k},
#include "kernels.inc"
#undef HALFTONE_KERNEL
};

}  // namespace

const KernelRow* Select(uint32_t tiers, size_t m, size_t k) {
  const KernelRow* best = nullptr;
  for (const KernelRow& row : kKernels)
    if ((tiers & row.needs) == row.needs && m >= row.least_m && k >= row.least_k && k <= row.most_k) best = &row;
  return best;
}

}  // namespace halftone::bgemm
