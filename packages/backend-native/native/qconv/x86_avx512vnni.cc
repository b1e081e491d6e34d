// AVX512-VNNI: four rows of a column of a window side by side for vpdpbusd. Columns of the lines are brought into this form once,
// for all windows that they belong to; where the four rows are enough for a line of windows and the next one, for both.
// Interleaving within 128-bit lanes leaves four channels of each sixteen in a vector; packing the codes restores their order.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include <algorithm>
#include <new>

#include "channels.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")

#include "x86_codes512.inc"

namespace halftone::qconv {
namespace {

constexpr size_t kVector = 64;

// The first codes of so many places.
inline __mmask64 FirstCodes(size_t count) { return count >= 64 ? ~uint64_t{0} : ~(~uint64_t{0} << count); }

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
  CodeLimits limits;
  bool packing_clamps;

  Finish(const qgemm::Epilogue& e, const int32_t* columns, const float* multipliers)
      : limits(e), packing_clamps(PackingClamps(e, multipliers, kChannelBlock)) {
    LoadTransposed(columns, column);
    LoadTransposed(multipliers, multiplier);
  }

  template <bool CLAMP>
  inline __attribute__((always_inline)) __m512i Codes(__m512i s0, __m512i s1, __m512i s2, __m512i s3) const {
    const auto whole = [&](__m512i sum, int v) { return limits.Whole<CLAMP>(sum, _mm512_castsi512_ps(multiplier[v])); };
    return limits.Pack(whole(s0, 0), whole(s1, 1), whole(s2, 2), whole(s3, 3));
  }
};

// A row of codes under a line of windows. `moves` has all bits, or none where the row is one of the border, whose codes are alike.
struct Row {
  const uint8_t* codes;
  size_t moves;
};

// How columns of codes lie as quads: those that are a stride apart are neighbours, as their windows are. Windows come `side` at
// a time.
struct ColumnOrder {
  size_t phases, per_phase;
  // Bytes from one of the four vectors of a column to the next.
  size_t plane;
  // Bytes from the first column of a window to each.
  size_t* columns;

  ColumnOrder(const Window& w, size_t side) {
    const size_t reach = (w.kernel_w - 1) * w.dilation_w;
    phases = std::min(w.stride_w, reach + 1);
    per_phase = RoundUp(RoundUp(w.out_w, side) + reach / w.stride_w, side);
    plane = phases * per_phase * (kVector / side);
  }

  void Fill(const Window& w, size_t side) {
    for (size_t column = 0; column < w.kernel_w; ++column) {
      const size_t at = column * w.dilation_w;
      columns[column] = (at % w.stride_w * per_phase + at / w.stride_w) * (kVector / side);
    }
  }
};

// What a thread holds while it works.
struct Scratch {
  Finish* finish;
  Row* rows;
  // The code of the border.
  uint8_t* border;
  // Of windows by one, by two and by four.
  ColumnOrder orders[3];
  uint8_t* quads;
  size_t bytes;

  Scratch(const Window& w, uint8_t* data) : orders{{w, 1}, {w, 2}, {w, 4}} {
    const size_t row_quads = (w.kernel_h + 3) / 4;
    bytes = 0;
    const auto take = [&](size_t count) {
      uint8_t* const at = data + bytes;
      bytes += RoundUp(count, kVector);
      return at;
    };
    finish = reinterpret_cast<Finish*>(take(CountChannelBlocks(w.c) * sizeof(Finish)));
    rows = reinterpret_cast<Row*>(take(4 * row_quads * sizeof(Row)));
    border = take(kVector);
    size_t most = 0;
    for (ColumnOrder& order : orders) {
      order.columns = reinterpret_cast<size_t*>(take(w.kernel_w * sizeof(size_t)));
      most = std::max(most, order.plane);
    }
    quads = take(4 * row_quads * most);
  }
};

// WIDTH codes of each of these columns, one after the other; WHOLE: all of them may be read, else `rest`.
template <size_t WIDTH, bool WHOLE>
inline __attribute__((always_inline)) __m512i Gather(const uint8_t* const* at, size_t rest) {
  const __mmask64 mask = FirstCodes(rest);
  if constexpr (WIDTH == 64) return WHOLE ? _mm512_loadu_si512(at[0]) : _mm512_maskz_loadu_epi8(mask, at[0]);
  if constexpr (WIDTH == 32) {
    const auto load = [&](const uint8_t* from) {
      const __mmask32 half = static_cast<__mmask32>(mask);
      return WHOLE ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)) : _mm256_maskz_loadu_epi8(half, from);
    };
    return _mm512_inserti64x4(_mm512_castsi256_si512(load(at[0])), load(at[1]), 1);
  }
  const auto load = [&](const uint8_t* from) {
    const __mmask16 quarter = static_cast<__mmask16>(mask);
    return WHOLE ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)) : _mm_maskz_loadu_epi8(quarter, from);
  };
  const __m512i first = _mm512_inserti32x4(_mm512_castsi128_si512(load(at[0])), load(at[1]), 1);
  return _mm512_inserti32x4(_mm512_inserti32x4(first, load(at[2]), 2), load(at[3]), 3);
}

// Columns of four rows each as quads: [row / 4][four vectors][place of the column][WIDTH].
template <size_t WIDTH, bool WHOLE>
void Interleave(const ChannelImages& images, const Scratch& scratch, const ColumnOrder& order, const ChannelBlock& block) {
  constexpr size_t kSide = kVector / WIDTH;
  const Window& w = *images.window;
  const size_t rest = w.c - block.first, row_quads = images.weights->row_quads(), plane = order.plane;
  const size_t apart = w.stride_w * w.c;
  const __m512i flips = _mm512_set1_epi8(static_cast<char>(images.flip));
  uint8_t* to = scratch.quads;
  for (size_t phase = 0; phase < order.phases; ++phase) {
    // Before the image numbers of columns wrap.
    size_t x = phase - w.left;
    for (size_t i = 0; i < order.per_phase; i += kSide, x += kSide * w.stride_w, to += kVector) {
      size_t places[kSide];
      bool inside = true;
      for (size_t s = 0; s < kSide; ++s) {
        places[s] = (x * w.c + block.first) + s * apart;
        inside &= x + s * w.stride_w < w.w;
      }
      for (size_t quad = 0; quad < row_quads; ++quad) {
        const Row* rows = scratch.rows + 4 * quad;
        const auto codes = [&](size_t r) {
          const uint8_t* at[kSide];
          for (size_t s = 0; s < kSide; ++s)
            at[s] = inside || x + s * w.stride_w < w.w ? rows[r].codes + (places[s] & rows[r].moves) : scratch.border;
          return _mm512_xor_si512(Gather<WIDTH, WHOLE>(at, rest), flips);
        };
        const Quads quads(codes(0), codes(1), codes(2), codes(3));
        for (size_t v = 0; v < 4; ++v) _mm512_store_si512(to + (quad * 4 + v) * plane, quads.v[v]);
      }
    }
  }
}

// A line of windows of the codes of one block, COLUMNS quads each with weights in registers; 0: any number of them.
template <size_t WIDTH, int COLUMNS, bool CLAMP>
void Windows(const ChannelImages& images, const ChannelBlock& block, const ColumnOrder& order, const uint8_t* quads,
             const int8_t* weights, const Finish& way_out, uint8_t* y) {
  constexpr size_t kSide = kVector / WIDTH;
  const Window& window = *images.window;
  const size_t* const columns = order.columns;
  const size_t plane = order.plane, channels = window.c, count = window.out_w;
  const size_t row_quads = images.weights->row_quads(), kernel_w = window.kernel_w;
  const size_t rest = std::min(WIDTH, channels - block.first);
  const __mmask64 mask = FirstCodes(rest);
  const Finish finish = way_out;
  __m512i w[COLUMNS ? COLUMNS : 1][4];
  if constexpr (COLUMNS > 0)
    for (int c = 0; c < COLUMNS; ++c)
      for (int v = 0; v < 4; ++v) w[c][v] = _mm512_load_si512(weights + (c * 4 + v) * kVector);
  for (size_t i = 0; i < count; i += kSide, quads += kVector) {
    __m512i s0 = finish.column[0], s1 = finish.column[1], s2 = finish.column[2], s3 = finish.column[3];
    if constexpr (COLUMNS > 0) {
#pragma GCC unroll 4
      for (int c = 0; c < COLUMNS; ++c) {
        const uint8_t* at = quads + columns[c];
        s0 = _mm512_dpbusd_epi32(s0, _mm512_loadu_si512(at), w[c][0]);
        s1 = _mm512_dpbusd_epi32(s1, _mm512_loadu_si512(at + plane), w[c][1]);
        s2 = _mm512_dpbusd_epi32(s2, _mm512_loadu_si512(at + 2 * plane), w[c][2]);
        s3 = _mm512_dpbusd_epi32(s3, _mm512_loadu_si512(at + 3 * plane), w[c][3]);
      }
    } else {
      const int8_t* weight = weights;
      for (size_t c = 0; c < kernel_w; ++c) {
        const uint8_t* at = quads + columns[c];
        for (size_t r = 0; r < row_quads; ++r, at += 4 * plane, weight += 4 * kVector) {
          s0 = _mm512_dpbusd_epi32(s0, _mm512_loadu_si512(at), _mm512_load_si512(weight));
          s1 = _mm512_dpbusd_epi32(s1, _mm512_loadu_si512(at + plane), _mm512_load_si512(weight + kVector));
          s2 = _mm512_dpbusd_epi32(s2, _mm512_loadu_si512(at + 2 * plane), _mm512_load_si512(weight + 2 * kVector));
          s3 = _mm512_dpbusd_epi32(s3, _mm512_loadu_si512(at + 3 * plane), _mm512_load_si512(weight + 3 * kVector));
        }
      }
    }
    const __m512i codes = finish.Codes<CLAMP>(s0, s1, s2, s3);
    uint8_t* to = y + i * channels;
    if (WIDTH == 64) {
      _mm512_mask_storeu_epi8(to, mask, codes);
    } else if (channels == WIDTH) {
      _mm512_mask_storeu_epi8(to, FirstCodes((count - i) * WIDTH), codes);
    } else if constexpr (WIDTH == 32) {
      _mm256_mask_storeu_epi8(to, static_cast<__mmask32>(mask), _mm512_castsi512_si256(codes));
      if (i + 1 < count) _mm256_mask_storeu_epi8(to + channels, static_cast<__mmask32>(mask), _mm512_extracti64x4_epi64(codes, 1));
    } else {
      const __mmask16 quarter = static_cast<__mmask16>(mask);
      _mm_mask_storeu_epi8(to, quarter, _mm512_castsi512_si128(codes));
      if (i + 1 < count) _mm_mask_storeu_epi8(to + channels, quarter, _mm512_extracti32x4_epi32(codes, 1));
      if (i + 2 < count) _mm_mask_storeu_epi8(to + 2 * channels, quarter, _mm512_extracti32x4_epi32(codes, 2));
      if (i + 3 < count) _mm_mask_storeu_epi8(to + 3 * channels, quarter, _mm512_extracti32x4_epi32(codes, 3));
    }
  }
}

// The next lines of windows, one with each set of weights, of one block of channels.
template <size_t WIDTH>
void Block(const ChannelImages& images, const ChannelBlock& block, const Scratch& scratch, const int8_t* weights, size_t apart,
           const Finish& finish, size_t lines, uint8_t* y) {
  const ChannelWeights& w = *images.weights;
  const Window& window = *images.window;
  const ColumnOrder& order = scratch.orders[WIDTH == 64 ? 0 : WIDTH == 32 ? 1 : 2];
  const bool whole = window.c - block.first >= WIDTH;
  (whole ? Interleave<WIDTH, true> : Interleave<WIDTH, false>)(images, scratch, order, block);
  const bool three = w.kernel_w == 3 && w.row_quads() == 1;
  const auto run = finish.packing_clamps ? (three ? Windows<WIDTH, 3, false> : Windows<WIDTH, 0, false>)
                                    : (three ? Windows<WIDTH, 3, true> : Windows<WIDTH, 0, true>);
  for (size_t line = 0; line < lines; ++line)
    run(images, block, order, scratch.quads, weights + line * apart, finish, y + line * window.out_w * window.c + block.first);
}

// Few channels at stride 1: windows side by side are neighbours in memory, and so are their codes under each tap.
template <int LINES>
void SideBySide(const ChannelImages& images, const Row* rows, const int8_t* weights, size_t apart, const Finish& finish, uint8_t* y) {
  const ChannelWeights& w = *images.weights;
  const Window& window = *images.window;
  const __m512i flips = _mm512_set1_epi8(static_cast<char>(images.flip));
  const __m512i zero = _mm512_set1_epi8(static_cast<char>(images.zero)), border = _mm512_xor_si512(zero, flips);
  const ptrdiff_t channels = static_cast<ptrdiff_t>(window.c), extent = static_cast<ptrdiff_t>(window.w) * channels;
  const ptrdiff_t length = static_cast<ptrdiff_t>(window.out_w) * channels;
  for (ptrdiff_t at = 0; at < length; at += kVector) {
    __m512i sums[LINES][4];
    for (int line = 0; line < LINES; ++line)
      for (int v = 0; v < 4; ++v) sums[line][v] = finish.column[v];
    const int8_t* weight = weights;
    for (size_t column = 0; column < w.kernel_w; ++column) {
      const ptrdiff_t place =
          at + (static_cast<ptrdiff_t>(column * window.dilation_w) - static_cast<ptrdiff_t>(window.left)) * channels;
      const ptrdiff_t before = std::min<ptrdiff_t>(std::max<ptrdiff_t>(-place, 0), kVector);
      const ptrdiff_t end = std::min<ptrdiff_t>(std::max<ptrdiff_t>(extent - place, 0), kVector);
      const __mmask64 inside = FirstCodes(static_cast<size_t>(end)) & ~FirstCodes(static_cast<size_t>(before));
      for (size_t quad = 0; quad < w.row_quads(); ++quad, weight += 4 * kVector) {
        const auto codes = [&](size_t r) {
          const Row& row = rows[quad * 4 + r];
          if (row.moves == 0) return border;
          return _mm512_xor_si512(_mm512_mask_loadu_epi8(zero, inside, row.codes + place), flips);
        };
        const Quads quads(codes(0), codes(1), codes(2), codes(3));
        for (int line = 0; line < LINES; ++line)
          for (int v = 0; v < 4; ++v)
            sums[line][v] = _mm512_dpbusd_epi32(sums[line][v], quads.v[v], _mm512_load_si512(weight + line * apart + v * kVector));
      }
    }
    const __mmask64 mask = FirstCodes(static_cast<size_t>(length - at));
    for (int line = 0; line < LINES; ++line) {
      const __m512i* s = sums[line];
      const __m512i codes = finish.packing_clamps ? finish.Codes<false>(s[0], s[1], s[2], s[3]) : finish.Codes<true>(s[0], s[1], s[2], s[3]);
      _mm512_mask_storeu_epi8(y + line * length + at, mask, codes);
    }
  }
}

// Whether windows that are neighbours in memory fill a vector.
inline bool LiesSideBySide(const Window& w) { return w.stride_w == 1 && w.c < 16 && 16 % w.c == 0; }

// Rows of codes from one line of windows to the next, counted in those of a window; 0 where they do not meet.
inline size_t RowsApart(const Window& w) { return w.stride_h % w.dilation_h == 0 ? w.stride_h / w.dilation_h : 0; }

}  // namespace

size_t ChannelsAvx512VnniScratch(const Window& window) { return Scratch(window, nullptr).bytes; }

void ChannelsAvx512Vnni(const ChannelImages& images, size_t first, size_t last) {
  const ChannelWeights& w = *images.weights;
  const Window& window = *images.window;
  Scratch scratch(window, images.scratch);
  for (size_t i = 0; i < 3; ++i) scratch.orders[i].Fill(window, size_t{1} << i);
  memset(scratch.border, images.zero, kVector);
  size_t blocks = 0;
  for (size_t at = 0; at < w.channels; at += ChannelBlock::At(at, w.channels).width) {
    // Arrays over channels are padded to whole blocks of 64.
    const int32_t* column = images.epilogue.column + at;
    const float* multiplier = images.epilogue.multiplier + at;
    int32_t columns[kChannelBlock];
    float multipliers[kChannelBlock];
    const ChannelBlock block = ChannelBlock::At(at, w.channels);
    if (block.width < kChannelBlock) {
      for (size_t place = 0; place < kChannelBlock; ++place) {
        columns[place] = column[block.channel(place, w.channels) - at];
        multipliers[place] = multiplier[block.channel(place, w.channels) - at];
      }
      column = columns;
      multiplier = multipliers;
    }
    new (scratch.finish + blocks++) Finish(images.epilogue, column, multiplier);
  }
  const bool side_by_side = LiesSideBySide(window);
  const size_t rows_apart = RowsApart(window), most = rows_apart ? (w.starts() - 1) / rows_apart + 1 : 1;
  const size_t at_once = side_by_side ? std::min<size_t>(most, 2) : most, apart = rows_apart * w.start_bytes();
  for (size_t line = first, lines; line < last; line += lines) {
    const size_t image = line / window.out_h, oh = line % window.out_h;
    lines = std::min({at_once, last - line, window.out_h - oh});
    const size_t used = w.kernel_h + (lines - 1) * rows_apart;
    for (size_t r = 0; r < 4 * w.row_quads(); ++r) {
      // Above the image the difference wraps. Weights behind the last row are 0: any code will do.
      const size_t row = oh * window.stride_h + r * window.dilation_h - window.top;
      const bool inside = r < used && row < window.h;
      scratch.rows[r] = {inside ? images.x + (image * window.h + row) * window.w * window.c : scratch.border, inside ? ~size_t{0} : 0};
    }
    uint8_t* y = static_cast<uint8_t*>(images.y) + line * window.out_w * window.c;
    if (side_by_side) {
      (lines == 2 ? SideBySide<2> : SideBySide<1>)(images, scratch.rows, w.quads, apart, *scratch.finish, y);
      continue;
    }
    const int8_t* weights = w.quads;
    const Finish* finish = scratch.finish;
    for (size_t at = 0; at < w.channels; weights += w.starts() * w.start_bytes(), ++finish) {
      const ChannelBlock block = ChannelBlock::At(at, w.channels);
      const auto run = block.width == 64 ? Block<64> : block.width == 32 ? Block<32> : Block<16>;
      run(images, block, scratch, weights, apart, *finish, lines, y);
      at += block.width;
    }
  }
}

}  // namespace halftone::qconv

#pragma GCC pop_options

#endif
