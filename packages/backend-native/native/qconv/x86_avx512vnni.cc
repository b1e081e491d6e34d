// AVX512-VNNI: four rows of a column of a window side by side for vpdpbusd. Each column of the line is brought into this form
// once, for all windows that it belongs to. Interleaving within 128-bit lanes leaves four channels of each sixteen in a
// vector; packing the codes restores their order.
#if defined(__x86_64__)

#include <immintrin.h>

#include "channels.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")

namespace halftone::qconv {
namespace {

constexpr size_t kQuadBytes = 4 * kChannelBlock;

// Sixty-four codes of four rows, four channels of each lane in a vector.
struct Quads {
  __m512i v[4];

  inline __attribute__((always_inline)) Quads(__m512i a, __m512i b, __m512i c, __m512i d) {
    const __m512i ab_low = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
    const __m512i cd_low = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
    v[0] = _mm512_unpacklo_epi16(ab_low, cd_low);
    v[1] = _mm512_unpackhi_epi16(ab_low, cd_low);
    v[2] = _mm512_unpacklo_epi16(ab_high, cd_high);
    v[3] = _mm512_unpackhi_epi16(ab_high, cd_high);
  }
};

// Columns of a line as quads of rows: [column][row / 4][256 bytes].
void Interleave(const ChannelLine& line, size_t channel, size_t columns) {
  const ChannelWeights& w = *line.weights;
  const size_t rest = w.channels - channel;
  const __mmask64 mask = rest >= kChannelBlock ? ~uint64_t{0} : ~uint64_t{0} >> (kChannelBlock - rest);
  const __m512i flips = _mm512_set1_epi8(static_cast<char>(line.flip));
  const __m512i border = _mm512_set1_epi8(static_cast<char>(line.border));
  uint8_t* to = line.scratch;
  for (size_t x = 0; x < columns; ++x) {
    const bool inside = x >= line.left && x < line.left + line.width;
    const size_t place = inside ? (x - line.left) * w.channels + channel : 0;
    for (size_t row = 0; row < w.kernel_h; row += 4, to += kQuadBytes) {
      // Weights behind the last row are 0: any code will do.
      const auto at = [&](size_t r) {
        if (!inside || r >= w.kernel_h || !line.rows[r]) return border;
        return _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, line.rows[r] + place), flips);
      };
      const Quads quads(at(row), at(row + 1), at(row + 2), at(row + 3));
      for (int v = 0; v < 4; ++v) _mm512_store_si512(to + 64 * v, quads.v[v]);
    }
  }
}

// Sixty-four numbers of channels, in the order of the vectors of sums.
inline void LoadTransposed(const void* numbers, __m512i* v) {
  const __m512i* from = static_cast<const __m512i*>(numbers);
  const __m512i a = _mm512_loadu_si512(from), b = _mm512_loadu_si512(from + 1);
  const __m512i c = _mm512_loadu_si512(from + 2), d = _mm512_loadu_si512(from + 3);
  const __m512i ab_low = _mm512_shuffle_i32x4(a, b, 0x44), ab_high = _mm512_shuffle_i32x4(a, b, 0xee);
  const __m512i cd_low = _mm512_shuffle_i32x4(c, d, 0x44), cd_high = _mm512_shuffle_i32x4(c, d, 0xee);
  v[0] = _mm512_shuffle_i32x4(ab_low, cd_low, 0x88);
  v[1] = _mm512_shuffle_i32x4(ab_low, cd_low, 0xdd);
  v[2] = _mm512_shuffle_i32x4(ab_high, cd_high, 0x88);
  v[3] = _mm512_shuffle_i32x4(ab_high, cd_high, 0xdd);
}

// Four vectors of sums, which began with their column terms, as 64 codes in order.
struct Finish {
  __m512i column[4];
  __m512i multiplier[4];
  __m512 lo, hi;
  __m512i zero;
  bool is_signed;

  // Multipliers below 1 keep what is scaled within int32; then packing clamps to all codes there are.
  bool AllCodes(const qgemm::Epilogue& e) const {
    const int32_t least = is_signed ? -128 : 0;
    if (e.lo != static_cast<float>(least - e.zero) || e.hi != static_cast<float>(least + 255 - e.zero)) return false;
    __mmask16 small = 0xffff;
    for (const __m512i m : multiplier)
      small &= _mm512_cmp_ps_mask(_mm512_abs_ps(_mm512_castsi512_ps(m)), _mm512_set1_ps(1.0f), _CMP_LT_OQ);
    return small == 0xffff;
  }

  template <bool CLAMP>
  inline __attribute__((always_inline)) __m512i Whole(__m512i sum, int v) const {
    __m512 t = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_castsi512_ps(multiplier[v]));
    if constexpr (CLAMP) t = _mm512_min_ps(_mm512_max_ps(t, lo), hi);
    return _mm512_cvtps_epi32(t);
  }

  template <bool CLAMP>
  inline __attribute__((always_inline)) __m512i Codes(__m512i s0, __m512i s1, __m512i s2, __m512i s3) const {
    const __m512i low = _mm512_packs_epi32(Whole<CLAMP>(s0, 0), Whole<CLAMP>(s1, 1));
    const __m512i high = _mm512_packs_epi32(Whole<CLAMP>(s2, 2), Whole<CLAMP>(s3, 3));
    const __m512i a = _mm512_adds_epi16(low, zero), b = _mm512_adds_epi16(high, zero);
    return is_signed ? _mm512_packs_epi16(a, b) : _mm512_packus_epi16(a, b);
  }
};

// Windows of QUADS quads each, their weights in registers; 0: of any number.
template <int QUADS, bool CLAMP>
void Windows(const ChannelLine& line, const int8_t* weights, size_t stride, const Finish& finish, uint8_t* y, __mmask64 mask) {
  const size_t row_quads = line.weights->row_quads(), kernel_w = line.weights->kernel_w;
  const uint8_t* quads = line.scratch;
  __m512i w[QUADS ? QUADS : 1][4];
  if constexpr (QUADS > 0)
    for (int q = 0; q < QUADS; ++q)
      for (int v = 0; v < 4; ++v) w[q][v] = _mm512_load_si512(weights + q * stride + 64 * v);
  for (size_t i = 0; i < line.count; ++i, quads += line.stride * row_quads * kQuadBytes) {
    __m512i s0 = finish.column[0], s1 = finish.column[1], s2 = finish.column[2], s3 = finish.column[3];
    if constexpr (QUADS > 0) {
#pragma GCC unroll 4
      for (int q = 0; q < QUADS; ++q) {
        const uint8_t* at = quads + q * line.dilation * kQuadBytes;
        s0 = _mm512_dpbusd_epi32(s0, _mm512_load_si512(at), w[q][0]);
        s1 = _mm512_dpbusd_epi32(s1, _mm512_load_si512(at + 64), w[q][1]);
        s2 = _mm512_dpbusd_epi32(s2, _mm512_load_si512(at + 128), w[q][2]);
        s3 = _mm512_dpbusd_epi32(s3, _mm512_load_si512(at + 192), w[q][3]);
      }
    } else {
      const int8_t* weight = weights;
      for (size_t column = 0; column < kernel_w; ++column)
        for (size_t row = 0; row < row_quads; ++row, weight += stride) {
          const uint8_t* at = quads + (column * line.dilation * row_quads + row) * kQuadBytes;
          s0 = _mm512_dpbusd_epi32(s0, _mm512_load_si512(at), _mm512_load_si512(weight));
          s1 = _mm512_dpbusd_epi32(s1, _mm512_load_si512(at + 64), _mm512_load_si512(weight + 64));
          s2 = _mm512_dpbusd_epi32(s2, _mm512_load_si512(at + 128), _mm512_load_si512(weight + 128));
          s3 = _mm512_dpbusd_epi32(s3, _mm512_load_si512(at + 192), _mm512_load_si512(weight + 192));
        }
    }
    _mm512_mask_storeu_epi8(y + i * line.weights->channels, mask, finish.Codes<CLAMP>(s0, s1, s2, s3));
  }
}

// The bits of places [from, from + 64) that lie in [0, extent).
inline __mmask64 InsideMask(ptrdiff_t from, ptrdiff_t extent) {
  const ptrdiff_t first = from < 0 ? -from : 0, end = extent - from < 64 ? extent - from : 64;
  if (end <= first) return 0;
  return (~uint64_t{0} >> (64 - (end - first))) << first;
}

Finish FinishOf(const qgemm::Epilogue& e, const int32_t* column, const float* multiplier) {
  Finish finish;
  LoadTransposed(column, finish.column);
  LoadTransposed(multiplier, finish.multiplier);
  finish.lo = _mm512_set1_ps(e.lo);
  finish.hi = _mm512_set1_ps(e.hi);
  finish.zero = _mm512_set1_epi16(static_cast<int16_t>(e.zero));
  finish.is_signed = e.output == qgemm::Output::kInt8;
  return finish;
}

// Few channels at stride 1: windows side by side are neighbours in memory, and so are their codes under each tap.
void SideBySide(const ChannelLine& line) {
  const ChannelWeights& w = *line.weights;
  const qgemm::Epilogue& e = line.epilogue;
  int32_t column[kChannelBlock];
  float multiplier[kChannelBlock];
  for (size_t i = 0; i < kChannelBlock; ++i) {
    column[i] = e.column[i % w.channels];
    multiplier[i] = e.multiplier[i % w.channels];
  }
  const Finish finish = FinishOf(e, column, multiplier);
  const bool all = finish.AllCodes(e);
  const __m512i flips = _mm512_set1_epi8(static_cast<char>(line.flip));
  const __m512i border = _mm512_set1_epi8(static_cast<char>(line.border));
  const ptrdiff_t extent = static_cast<ptrdiff_t>(line.width * w.channels);
  const ptrdiff_t length = static_cast<ptrdiff_t>(line.count * w.channels);
  for (ptrdiff_t at = 0; at < length; at += 64) {
    __m512i s0 = finish.column[0], s1 = finish.column[1], s2 = finish.column[2], s3 = finish.column[3];
    const int8_t* weight = w.quads;
    for (size_t tap = 0; tap < w.kernel_w; ++tap) {
      const ptrdiff_t columns = static_cast<ptrdiff_t>(tap * line.dilation) - static_cast<ptrdiff_t>(line.left);
      const ptrdiff_t place = at + columns * static_cast<ptrdiff_t>(w.channels);
      const __mmask64 inside = InsideMask(place, extent);
      for (size_t row = 0; row < w.kernel_h; row += 4, weight += kQuadBytes) {
        // Weights behind the last row are 0: any code will do.
        const auto codes = [&](size_t r) {
          if (r >= w.kernel_h || !line.rows[r]) return border;
          return _mm512_mask_blend_epi8(
              inside, border, _mm512_xor_si512(_mm512_maskz_loadu_epi8(inside, line.rows[r] + place), flips));
        };
        const Quads quads(codes(row), codes(row + 1), codes(row + 2), codes(row + 3));
        s0 = _mm512_dpbusd_epi32(s0, quads.v[0], _mm512_load_si512(weight));
        s1 = _mm512_dpbusd_epi32(s1, quads.v[1], _mm512_load_si512(weight + 64));
        s2 = _mm512_dpbusd_epi32(s2, quads.v[2], _mm512_load_si512(weight + 128));
        s3 = _mm512_dpbusd_epi32(s3, quads.v[3], _mm512_load_si512(weight + 192));
      }
    }
    const __m512i codes = all ? finish.Codes<false>(s0, s1, s2, s3) : finish.Codes<true>(s0, s1, s2, s3);
    _mm512_mask_storeu_epi8(static_cast<uint8_t*>(line.y) + at, InsideMask(at, length), codes);
  }
}

}  // namespace

void ChannelsAvx512Vnni(const ChannelLine& line) {
  const ChannelWeights& w = *line.weights;
  if (line.stride == 1 && Repeats(w.channels)) return SideBySide(line);
  const qgemm::Epilogue& e = line.epilogue;
  const size_t columns = (line.count - 1) * line.stride + (w.kernel_w - 1) * line.dilation + 1;
  for (size_t channel = 0; channel < w.channels; channel += kChannelBlock) {
    Interleave(line, channel, columns);
    const Finish finish = FinishOf(e, e.column + channel, e.multiplier + channel);
    const size_t rest = w.channels - channel;
    const __mmask64 mask = rest >= kChannelBlock ? ~uint64_t{0} : ~uint64_t{0} >> (kChannelBlock - rest);
    const int8_t* weights = w.quads + channel * 4;
    uint8_t* y = static_cast<uint8_t*>(line.y) + channel;
    const bool three = w.kernel_w == 3 && w.row_quads() == 1;
    const auto run = finish.AllCodes(e) ? (three ? Windows<3, false> : Windows<0, false>)
                                        : (three ? Windows<3, true> : Windows<0, true>);
    run(line, weights, w.padded * 4, finish, y, mask);
  }
}

}  // namespace halftone::qconv

#pragma GCC pop_options

#endif
