// AVX512-VNNI with byte permutations: quads of sixteen windows are picked out of two vectors of the image by vpermb.
#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <utility>

#include "lanes.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi")

#include "x86_codes512.inc"

#define HALFTONE_INLINE inline __attribute__((always_inline))

namespace halftone::qconv {
namespace {

constexpr size_t kLanes = 2 * kLaneWindows;

// Windows of a line that a half has: its first codes, the first one's place among all, and how many there are.
struct Half {
  const uint8_t* codes;
  size_t place, count;
};

// Goes from half to half.
class Halves {
 public:
  Halves(const LaneImages& images, size_t first) : images_(images) {
    const Window& w = *images.window;
    const size_t across = (w.out_w + kLaneWindows - 1) / kLaneWindows;
    column_ = first % across * kLaneWindows;
    Begin(first / across);
  }

  Half Next() {
    const Window& w = *images_.window;
    if (column_ >= w.out_w) {
      column_ = 0;
      Begin(line_ + 1);
    }
    const Half half = {codes_ + column_ * w.stride_w * w.c, line_ * w.out_w + column_, std::min(kLaneWindows, w.out_w - column_)};
    column_ += kLaneWindows;
    return half;
  }

 private:
  void Begin(size_t line) {
    const Window& w = *images_.window;
    line_ = line;
    codes_ = images_.image + (line / w.out_h * w.padded_h() + line % w.out_h * w.stride_h) * w.padded_w() * w.c;
  }

  const LaneImages& images_;
  size_t line_, column_;
  const uint8_t* codes_;
};

// FILTERS sums of VECTORS times sixteen windows; their places are constants of the compiler, so that each has a register.
template <int FILTERS, int VECTORS>
class Sums {
 public:
  HALFTONE_INLINE Sums(const LaneImages& images, size_t filter, const Half* halves, __m512i order) {
    Begin(std::make_integer_sequence<int, FILTERS * VECTORS>(), images.epilogue.column + filter);
    const int8_t* weights = images.weights + filter * images.count * 4;
    for (size_t quad = 0; quad < images.count; ++quad, weights += kLaneFilters * 4) {
      const size_t at = images.quads[quad];
      Step(std::make_integer_sequence<int, VECTORS>(), halves, at, weights, order);
    }
  }

  template <int VECTOR>
  HALFTONE_INLINE __m512i At(int filter) const {
    return acc_[VECTOR][filter];
  }

 private:
  template <int... I>
  HALFTONE_INLINE void Begin(std::integer_sequence<int, I...>, const int32_t* column) {
    ((acc_[I / FILTERS][I % FILTERS] = _mm512_set1_epi32(column[I % FILTERS])), ...);
  }

  template <int... V>
  HALFTONE_INLINE void Step(std::integer_sequence<int, V...>, const Half* halves, size_t at, const int8_t* weights, __m512i order) {
    ((codes_[V] = Pick(halves[2 * V].codes + at, halves[2 * V + 1].codes + at, order)), ...);
    (Vector<V>(std::make_integer_sequence<int, FILTERS>(), weights), ...);
  }

  template <int V, int... F>
  HALFTONE_INLINE void Vector(std::integer_sequence<int, F...>, const int8_t* weights) {
    ((acc_[V][F] = Dot(acc_[V][F], codes_[V], weights + 4 * F)), ...);
  }

  static HALFTONE_INLINE __m512i Pick(const uint8_t* first, const uint8_t* second, __m512i order) {
    const __m512i low = _mm512_permutexvar_epi8(order, _mm512_loadu_si512(first));
    return _mm512_mask_permutexvar_epi8(low, ~uint64_t{0} << 32, order, _mm512_loadu_si512(second));
  }

  // Written out, since GCC copies the sums of the intrinsic at each step.
  static HALFTONE_INLINE __m512i Dot(__m512i acc, __m512i codes, const int8_t* four) {
    __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(acc) : "v"(codes), "m"(*reinterpret_cast<const int32_t*>(four)));
    return acc;
  }

  __m512i acc_[VECTORS][FILTERS], codes_[VECTORS];
};

// Codes of FILTERS filters, those of a window one after the other: four vectors of 16, or two of 8, of four windows each.
template <int FILTERS, int VECTOR, bool CLAMP>
struct Codes {
  __m512i v[FILTERS / 4];

  template <class SUMS>
  HALFTONE_INLINE Codes(const SUMS& sums, const CodeLimits& limits, const float* multiplier) {
    const __m512i across = _mm512_set4_epi32(0x0f0b0703, 0x0e0a0602, 0x0d090501, 0x0c080400);
    const auto whole = [&](int f) { return limits.Whole<CLAMP>(sums.template At<VECTOR>(f), _mm512_set1_ps(multiplier[f])); };
    const auto four = [&](int f) {
      return _mm512_shuffle_epi8(limits.Pack(whole(f), whole(f + 1), whole(f + 2), whole(f + 3)), across);
    };
    if constexpr (FILTERS == 8) {
      const __m512i a = four(0), b = four(4);
      const __m512i low = _mm512_unpacklo_epi32(a, b), high = _mm512_unpackhi_epi32(a, b);
      v[0] = _mm512_permutex2var_epi64(low, _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), high);
      v[1] = _mm512_permutex2var_epi64(low, _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15), high);
    } else {
      const __m512i a = four(0), b = four(4), c = four(8), d = four(12);
      const __m512i ab_low = _mm512_unpacklo_epi32(a, b), ab_high = _mm512_unpackhi_epi32(a, b);
      const __m512i cd_low = _mm512_unpacklo_epi32(c, d), cd_high = _mm512_unpackhi_epi32(c, d);
      const __m512i w0 = _mm512_unpacklo_epi64(ab_low, cd_low), w1 = _mm512_unpackhi_epi64(ab_low, cd_low);
      const __m512i w2 = _mm512_unpacklo_epi64(ab_high, cd_high), w3 = _mm512_unpackhi_epi64(ab_high, cd_high);
      // Lanes are windows 0 4 8 12, 1 5 9 13 and so on.
      const __m512i low01 = _mm512_shuffle_i32x4(w0, w1, 0x44), low23 = _mm512_shuffle_i32x4(w2, w3, 0x44);
      const __m512i high01 = _mm512_shuffle_i32x4(w0, w1, 0xee), high23 = _mm512_shuffle_i32x4(w2, w3, 0xee);
      v[0] = _mm512_shuffle_i32x4(low01, low23, 0x88);
      v[1] = _mm512_shuffle_i32x4(low01, low23, 0xdd);
      v[2] = _mm512_shuffle_i32x4(high01, high23, 0x88);
      v[3] = _mm512_shuffle_i32x4(high01, high23, 0xdd);
    }
  }
};

// Stores the codes of two halves.
template <int FILTERS>
void Store(const LaneImages& images, size_t filter, const Half* halves, const __m512i* codes) {
  const size_t filters = images.filters, used = std::min<size_t>(FILTERS, filters - filter);
  for (int h = 0; h < 2; ++h) {
    const Half& half = halves[h];
    const __m512i* from = codes + h * FILTERS / 8;
    uint8_t* to = static_cast<uint8_t*>(images.y) + half.place * filters + filter;
    if (filters == FILTERS) {
      // Windows of all filters are neighbours.
      const size_t bytes = half.count * FILTERS;
      for (size_t at = 0; at < bytes; at += 64)
        _mm512_mask_storeu_epi8(to + at, bytes - at >= 64 ? ~uint64_t{0} : ~(~uint64_t{0} << (bytes - at)), from[at / 64]);
      continue;
    }
    const uint8_t* windows = reinterpret_cast<const uint8_t*>(from);
    const __mmask16 mask = static_cast<__mmask16>(~(~0u << used));
    for (size_t i = 0; i < half.count; ++i, to += filters, windows += FILTERS) {
      const __m128i* window = reinterpret_cast<const __m128i*>(windows);
      _mm_mask_storeu_epi8(to, mask, FILTERS == 16 ? _mm_load_si128(window) : _mm_loadl_epi64(window));
    }
  }
}

template <int FILTERS, int VECTORS, bool CLAMP>
void ToCodesOf(const LaneImages& images, size_t filter, const Half* halves, __m512i order, const CodeLimits& limits) {
  const Sums<FILTERS, VECTORS> sums(images, filter, halves, order);
  const float* multiplier = images.epilogue.multiplier + filter;
  const Codes<FILTERS, 0, CLAMP> first(sums, limits, multiplier);
  if constexpr (VECTORS == 2) {
    const Codes<FILTERS, 1, CLAMP> second(sums, limits, multiplier);
    Store<FILTERS>(images, filter, halves + 2, second.v);
  }
  Store<FILTERS>(images, filter, halves, first.v);
}

// Sums that stay what they are, or become floats: of no network's first layer, so that they take their time.
template <int FILTERS>
void StoreNumbers(const LaneImages& images, size_t filter, const Half* halves, const int32_t (*numbers)[kLanes]) {
  const qgemm::Epilogue& e = images.epilogue;
  const size_t used = std::min<size_t>(FILTERS, images.filters - filter);
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const Half& half = halves[lane / kLaneWindows];
    const size_t window = lane % kLaneWindows;
    if (window >= half.count) continue;
    const size_t place = (half.place + window) * images.filters + filter;
    for (size_t f = 0; f < used; ++f) {
      if (e.output == qgemm::Output::kInt32) {
        static_cast<int32_t*>(images.y)[place + f] = numbers[f][lane];
        continue;
      }
      const float t = static_cast<float>(numbers[f][lane]) * e.multiplier[filter + f];
      static_cast<float*>(images.y)[place + f] = e.float_bias ? t + e.float_bias[filter + f] : t;
    }
  }
}

template <int FILTERS, int VECTORS>
void ToNumbers(const LaneImages& images, size_t filter, const Half* halves, __m512i order, const CodeLimits&) {
  const Sums<FILTERS, VECTORS> sums(images, filter, halves, order);
  alignas(64) int32_t numbers[VECTORS][FILTERS][kLanes];
  for (int f = 0; f < FILTERS; ++f) {
    _mm512_store_si512(numbers[0][f], sums.template At<0>(f));
    if constexpr (VECTORS == 2) _mm512_store_si512(numbers[1][f], sums.template At<1>(f));
  }
  for (int vector = 0; vector < VECTORS; ++vector) StoreNumbers<FILTERS>(images, filter, halves + 2 * vector, numbers[vector]);
}

using Run = void (*)(const LaneImages& images, size_t filter, const Half* halves, __m512i order, const CodeLimits& limits);

// What a block of so many filters runs.
template <int FILTERS, int VECTORS>
Run Select(const LaneImages& images) {
  const qgemm::Epilogue& e = images.epilogue;
  if (e.output != qgemm::Output::kUint8 && e.output != qgemm::Output::kInt8) return ToNumbers<FILTERS, VECTORS>;
  return PackingClamps(e, e.multiplier, images.filters) ? ToCodesOf<FILTERS, VECTORS, false> : ToCodesOf<FILTERS, VECTORS, true>;
}

}  // namespace

void LanesAvx512Vbmi(const LaneImages& images, size_t first, size_t last) {
  // Sums of eight filters take half of the registers: two vectors of windows then.
  constexpr size_t kFew = kLaneFilters / 2, kMost = 4;
  const Run many = Select<kLaneFilters, 1>(images), few = Select<kFew, 2>(images), one = Select<kFew, 1>(images);
  const CodeLimits limits(images.epilogue);
  const size_t step = images.window->stride_w * images.window->c;
  alignas(64) uint8_t places[64];
  for (size_t i = 0; i < 64; ++i) places[i] = static_cast<uint8_t>(i / 4 % kLaneWindows * step + i % 4);
  const __m512i order = _mm512_load_si512(places);
  Halves halves(images, first);
  for (size_t at = first; at < last;) {
    Half group[kMost];
    const size_t count = std::min(kMost, last - at);
    for (size_t h = 0; h < kMost; ++h) {
      // What is missing are windows that nobody asks for.
      group[h] = h < count ? halves.Next() : group[0];
      if (h >= count) group[h].count = 0;
    }
    at += count;
    for (size_t filter = 0; filter < images.filters; filter += kLaneFilters) {
      if (images.filters - filter > kFew) {
        many(images, filter, group, order, limits);
        if (count > 2) many(images, filter, group + 2, order, limits);
      } else {
        (count > 2 ? few : one)(images, filter, group, order, limits);
      }
    }
  }
}

}  // namespace halftone::qconv

#pragma GCC pop_options

#endif
