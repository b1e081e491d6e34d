#include "blockgemm.h"

namespace halftone::blockgemm {

#define HALFTONE_KERNEL(name, needs, computation, form, prepare, function, least_m, least_block) \
  void function(const Product& product, size_t m0, size_t m1, size_t p0, size_t p1, uint8_t* scratch);
#include "kernels.inc"
#undef HALFTONE_KERNEL

void PrepareCodesScalar(const Product& product, size_t m0, size_t m1);
#if defined(__x86_64__)
void PrepareCodesAvx2(const Product& product, size_t m0, size_t m1);
void PrepareCodesAvx512(const Product& product, size_t m0, size_t m1);
void PrepareCodeHalves(const Product& product, size_t m0, size_t m1);
void PrepareParts(const Product& product, size_t m0, size_t m1);
void PrepareHalves(const Product& product, size_t m0, size_t m1);
#endif

namespace {

constexpr KernelRow kKernels[] = {
#define HALFTONE_KERNEL(name, needs, computation, form, prepare, function, least_m, least_block) \
  {name, needs, Computation::computation, Form::form, prepare, function, least_m, least_block},
#include "kernels.inc"
#undef HALFTONE_KERNEL
};

}  // namespace

const KernelRow* Select(uint32_t tiers, Computation computation, size_t m, size_t block) {
  const KernelRow* best = nullptr;
  for (const KernelRow& row : kKernels)
    if ((tiers & row.needs) == row.needs && row.computation == computation && m >= row.least_m && block >= row.least_block)
      best = &row;
  return best;
}

}  // namespace halftone::blockgemm
