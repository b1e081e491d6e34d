#include "channels.h"

namespace halftone::qconv {

void ChannelsPlain(const ChannelLine& line);
#if defined(__x86_64__)
void ChannelsAvx2(const ChannelLine& line);
void ChannelsAvx512Vnni(const ChannelLine& line);
#endif

ChannelKernelRow SelectChannels(uint32_t tiers, bool quads, qgemm::Output output) {
#if defined(__x86_64__)
  const bool codes = output == qgemm::Output::kUint8 || output == qgemm::Output::kInt8;
  if ((tiers & kAvx512Vnni) && quads && codes) return {"qconv_%s_channels_avx512vnni", ChannelsAvx512Vnni, true};
  if (tiers & kAvx2) return {"qconv_%s_channels_avx2", ChannelsAvx2, false};
#endif
  (void)tiers;
  (void)quads;
  (void)output;
  return {"qconv_%s_channels_scalar", ChannelsPlain, false};
}

}  // namespace halftone::qconv
