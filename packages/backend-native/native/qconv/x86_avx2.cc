// AVX2: codes of two taps side by side as int16, for vpmaddwd.
#if defined(__x86_64__)

#include <immintrin.h>

#include "channels.inc"

#pragma GCC push_options
#pragma GCC target("avx2")

namespace halftone::qconv {
namespace {

void Sums(const ChannelImages& images, const uint8_t* pixel, int32_t* sums) {
  const ChannelWeights& w = *images.weights;
  const size_t taps = w.taps();
  for (size_t channel = 0; channel < w.padded; channel += 16) {
    __m256i low = _mm256_setzero_si256(), high = low;
    for (size_t tap = 0; tap < taps; tap += 2) {
      const auto at = [&](size_t t) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixel + images.offsets[t] + channel));
      };
      // The weight behind the last tap is 0.
      const __m128i a = at(tap), b = at(tap + 1 < taps ? tap + 1 : tap);
      const __m256i* pairs = reinterpret_cast<const __m256i*>(w.pairs + (tap / 2 * w.padded + channel) * 2);
      low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b)), _mm256_load_si256(pairs)));
      high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b)), _mm256_load_si256(pairs + 1)));
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + channel), low);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + channel + 8), high);
  }
}

}  // namespace

void ChannelsAvx2(const ChannelImages& images, size_t first, size_t last) { EachWindow<Sums>(images, first, last); }

}  // namespace halftone::qconv

#pragma GCC pop_options

#endif
