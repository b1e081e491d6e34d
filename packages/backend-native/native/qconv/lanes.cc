#include "lanes.h"

namespace halftone::qconv {

#if defined(__x86_64__)
void LanesAvx512Vbmi(const LaneImages& images, size_t first, size_t last);
#endif

LaneKernel SelectLanes(uint32_t tiers) {
#if defined(__x86_64__)
  if ((tiers & kAvx512Vnni) && (tiers & kVbmi)) return LanesAvx512Vbmi;
#endif
  (void)tiers;
  return nullptr;
}

}  // namespace halftone::qconv
