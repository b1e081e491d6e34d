#include "channels.h"

namespace halftone::qconv {

void ChannelsPlain(const ChannelImages& images, size_t first, size_t last);
#if defined(__x86_64__)
void ChannelsAvx2(const ChannelImages& images, size_t first, size_t last);
void ChannelsAvx512Vnni(const ChannelImages& images, size_t first, size_t last);
size_t ChannelsAvx512VnniScratch(const Window& window);
#endif

namespace {

// Sums of one window.
size_t SumsScratch(const Window& window) { return RoundUp(window.c, kChannelBlock) * sizeof(int32_t); }

}  // namespace

ChannelKernelRow SelectChannels(uint32_t tiers, bool quads, qgemm::Output output) {
#if defined(__x86_64__)
  const bool codes = output == qgemm::Output::kUint8 || output == qgemm::Output::kInt8;
  if ((tiers & kAvx512Vnni) && quads && codes)
    return {"qconv_%s_channels_avx512vnni", ChannelsAvx512Vnni, ChannelsAvx512VnniScratch, true};
  if (tiers & kAvx2) return {"qconv_%s_channels_avx2", ChannelsAvx2, SumsScratch, false};
#endif
  (void)tiers;
  (void)quads;
  (void)output;
  return {"qconv_%s_channels_scalar", ChannelsPlain, SumsScratch, false};
}

}  // namespace halftone::qconv
