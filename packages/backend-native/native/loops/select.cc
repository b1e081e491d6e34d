#include "loops.h"

namespace halftone {

extern const Loops kScalarLoops;
#if defined(__x86_64__)
extern const Loops kAvx2Loops;
extern const Loops kAvx512Loops;
extern const Loops kAvx512VbmiLoops;
#endif

const Loops& LoopsFor(uint32_t tiers) {
#if defined(__x86_64__)
  if (tiers & (kAvx512Vnni | kAmx)) return tiers & kVbmi ? kAvx512VbmiLoops : kAvx512Loops;
  if (tiers & kAvx2) return kAvx2Loops;
#else
  (void)tiers;
#endif
  return kScalarLoops;
}

}  // namespace halftone
