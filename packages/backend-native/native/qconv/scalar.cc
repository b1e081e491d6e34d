// Plain C++, pairs of taps: what other kernels are compared with.
#include "channels.inc"

namespace halftone::qconv {
namespace {

void Sums(const ChannelImages& images, const uint8_t* pixel, int32_t* sums) {
  const ChannelWeights& w = *images.weights;
  const size_t taps = w.taps();
  for (size_t channel = 0; channel < w.padded; channel += 16) {
    int32_t acc[16] = {};
    for (size_t tap = 0; tap < taps; tap += 2) {
      const uint8_t* a = pixel + images.offsets[tap] + channel;
      // The weight behind the last tap is 0.
      const uint8_t* b = pixel + images.offsets[tap + 1 < taps ? tap + 1 : tap] + channel;
      const int16_t* pairs = w.pairs + (tap / 2 * w.padded + channel) * 2;
      for (size_t i = 0; i < 16; ++i) acc[i] += a[i] * pairs[2 * i] + b[i] * pairs[2 * i + 1];
    }
    for (size_t i = 0; i < 16; ++i) sums[channel + i] = acc[i];
  }
}

}  // namespace

void ChannelsPlain(const ChannelImages& images, size_t first, size_t last) { EachWindow<Sums>(images, first, last); }

}  // namespace halftone::qconv
