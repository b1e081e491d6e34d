#include "engine.h"

#include <math.h>
#include <string.h>

#include <algorithm>
#include <string>

#include "../arch/cpu.h"
#include "../arch/float-environment.h"
#include "../base/buffer.h"
#include "arguments.h"

namespace halftone {
namespace {

// Elements that are worth another thread.
constexpr size_t kShared = size_t{1} << 18;
constexpr size_t kSharedBlock = 4096;
constexpr int64_t kMostThreads = 1024;

ToCodes CodesOf(int64_t zero, int64_t lo, int64_t hi) {
  return {static_cast<float>(lo - zero), static_cast<float>(hi - zero), static_cast<int32_t>(zero)};
}

int32_t ZeroAt(const uint8_t* zeros, size_t i, bool is_signed) {
  return is_signed ? static_cast<int8_t>(zeros[i]) : zeros[i];
}

}  // namespace

// Parameters of elements in the order [outer][channels][inner]: one for each index of the middle.
struct Engine::Channels {
  size_t outer, channels, inner, count;

  Channels(const Arguments& in, size_t place)
      : outer(in.Size(place, "outer")), channels(in.Size(place + 1, "channels")), inner(in.Size(place + 2, "inner")) {
    if (!CheckedMultiply(outer, channels, &count) || !CheckedMultiply(count, inner, &count))
      throw Napi::RangeError::New(in.env(), "the tensor has too many elements");
  }
};

Napi::Function Engine::Define(Napi::Env env) {
  return DefineClass(env, "Engine",
                     {InstanceAccessor<&Engine::Isa>("isa"), InstanceMethod<&Engine::Close>("close"),
                      InstanceMethod<&Engine::Quantize>("quantize"), InstanceMethod<&Engine::Dequantize>("dequantize"),
                      InstanceMethod<&Engine::Requantize>("requantize"), InstanceMethod<&Engine::Pairwise>("pairwise"),
                      InstanceMethod<&Engine::DynamicQuantize>("dynamicQuantize"),
                      InstanceMethod<&Engine::Lookup>("lookup"), InstanceMethod<&Engine::Im2col>("im2col")});
}

Engine::Engine(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Engine>(info) {
  const Arguments in(info);
  if (!info[0].IsString()) throw Napi::TypeError::New(info.Env(), "isa is no string");
  const std::string isa = info[0].As<Napi::String>();
  const int64_t threads = in.Integer(1, "threads", 1, kMostThreads);
  tiers_ = isa.empty() ? AvailableTiers() : CapTiers(AvailableTiers(), isa.c_str());
  if (tiers_ == 0) throw Napi::RangeError::New(info.Env(), "isa " + isa + " does not run here");
  loops_ = &LoopsFor(tiers_);
  pool_.reset(new ThreadPool(static_cast<unsigned>(threads)));
  napi_type_tag_object(info.Env(), info.This(), &kTag);
}

Napi::Value Engine::Isa(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), BestTierName(tiers_));
}

Napi::Value Engine::Close(const Napi::CallbackInfo& info) {
  pool_.reset();
  return info.Env().Undefined();
}

template <typename F>
void Engine::Share(size_t count, const F& work) const {
  const FloatEnvironment environment;
  if (!pool_ || count < kShared) {
    work(0, count);
    return;
  }
  const size_t blocks = (count + kSharedBlock - 1) / kSharedBlock;
  pool_->Run(pool_->threads(), [&](unsigned thread, unsigned threads) {
    const FloatEnvironment own;
    const size_t first = std::min(count, blocks * thread / threads * kSharedBlock);
    const size_t last = std::min(count, blocks * (thread + 1) / threads * kSharedBlock);
    if (first < last) work(first, last);
  });
}

template <typename One, typename Each>
void Engine::ShareChannels(const Channels& shape, const One& one, const Each& each) const {
  const size_t width = shape.inner == 1 ? shape.channels : shape.inner;
  Share(shape.count, [&](size_t i, size_t end) {
    while (i < end) {
      const size_t part = i / width;
      const size_t stop = std::min(end, (part + 1) * width);
      if (shape.inner == 1 && shape.channels != 1)
        each(i, stop - i, i % width);
      else
        one(i, stop - i, part % shape.channels);
      i = stop;
    }
  });
}

// (x, scale, zeroPoint, y, outer, channels, inner, signed)
Napi::Value Engine::Quantize(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  const Channels shape(in, 4);
  const float* x = in.Elements<float>(0, "x", shape.count);
  const float* scale = in.Elements<float>(1, "scale", shape.channels);
  const uint8_t* zero = in.Codes(2, "zeroPoint", shape.channels);
  uint8_t* y = in.Codes(3, "y", shape.count);
  const bool is_signed = in.Flag(7, "signed");
  const int32_t lo = is_signed ? -128 : 0;
  const auto quantize_each = is_signed ? loops_->quantize_each_s8 : loops_->quantize_each_u8;
  ShareChannels(
      shape,
      [&](size_t i, size_t count, size_t channel) {
        loops_->quantize(x + i, y + i, count, scale[channel], CodesOf(ZeroAt(zero, channel, is_signed), lo, lo + 255));
      },
      [&](size_t i, size_t count, size_t channel) {
        quantize_each(x + i, y + i, count, scale + channel, zero + channel);
      });
  return info.Env().Undefined();
}

// (x, scale, zeroPoint | null, y, outer, channels, inner, kind): kind 0 uint8, 1 int8, 2 int32
Napi::Value Engine::Dequantize(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  const Channels shape(in, 4);
  const int64_t kind = in.Integer(7, "kind", 0, 2);
  const float* scale = in.Elements<float>(1, "scale", shape.channels);
  float* y = in.Elements<float>(3, "y", shape.count);
  if (kind == 2) {
    const int32_t* x = in.Elements<int32_t>(0, "x", shape.count);
    ShareChannels(
        shape,
        [&](size_t i, size_t count, size_t channel) { loops_->dequantize_s32(x + i, y + i, count, scale[channel]); },
        [&](size_t i, size_t count, size_t channel) {
          loops_->dequantize_each_s32(x + i, y + i, count, scale + channel);
        });
    return info.Env().Undefined();
  }
  const bool is_signed = kind == 1;
  const uint8_t* x = in.Codes(0, "x", shape.count);
  const uint8_t* zero = in.Codes(2, "zeroPoint", shape.channels);
  const auto dequantize = is_signed ? loops_->dequantize_s8 : loops_->dequantize_u8;
  const auto dequantize_each = is_signed ? loops_->dequantize_each_s8 : loops_->dequantize_each_u8;
  ShareChannels(
      shape,
      [&](size_t i, size_t count, size_t channel) {
        dequantize(x + i, y + i, count, scale[channel], ZeroAt(zero, channel, is_signed));
      },
      [&](size_t i, size_t count, size_t channel) {
        dequantize_each(x + i, y + i, count, scale + channel, zero + channel);
      });
  return info.Env().Undefined();
}

// (x, multiplier, y, outer, channels, inner, zero, lo, hi)
Napi::Value Engine::Requantize(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  const Channels shape(in, 3);
  const int32_t* x = in.Elements<int32_t>(0, "x", shape.count);
  const float* multiplier = in.Elements<float>(1, "multiplier", shape.channels);
  uint8_t* y = in.Codes(2, "y", shape.count);
  const ToCodes to = CodesOf(in.Integer(6, "zero", -128, 255), in.Integer(7, "lo", -128, 255),
                             in.Integer(8, "hi", -128, 255));
  ShareChannels(
      shape,
      [&](size_t i, size_t count, size_t channel) {
        loops_->requantize(x + i, y + i, count, multiplier[channel], to);
      },
      [&](size_t i, size_t count, size_t channel) {
        loops_->requantize_each(x + i, y + i, count, multiplier + channel, to);
      });
  return info.Env().Undefined();
}

// (multiply, a, b, y, factors, signed, lo, hi, runs: Int32Array of [aStart, aStep, bStart, bStep, count]...)
Napi::Value Engine::Pairwise(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  const bool multiply = in.Flag(0, "multiply");
  const bool is_signed = in.Flag(5, "signed");
  const float* factors = in.Elements<float>(4, "factors", multiply ? 4 : 3);
  const float lo = in.Number(6, "lo");
  const float hi = in.Number(7, "hi");
  if (!info[8].IsTypedArray()) throw Napi::TypeError::New(info.Env(), "runs is no Int32Array");
  const size_t numbers = info[8].As<Napi::TypedArray>().ElementLength();
  const int32_t* runs = in.Elements<int32_t>(8, "runs", numbers);
  size_t a_most = 0, b_most = 0, count = 0;
  for (size_t r = 0; r + 5 <= numbers; r += 5) {
    const int32_t* run = runs + r;
    if (run[0] < 0 || run[2] < 0 || run[4] < 0 || (run[1] | 1) != 1 || (run[3] | 1) != 1)
      throw Napi::RangeError::New(info.Env(), "runs are out of range");
    if (run[4] == 0) continue;
    a_most = std::max(a_most, size_t(run[0]) + (run[1] ? size_t(run[4]) : 1));
    b_most = std::max(b_most, size_t(run[2]) + (run[3] ? size_t(run[4]) : 1));
    count += size_t(run[4]);
  }
  const uint8_t* a = in.Codes(1, "a", a_most);
  const uint8_t* b = in.Codes(2, "b", b_most);
  uint8_t* y = in.Codes(3, "y", count);
  const auto loop = multiply ? (is_signed ? loops_->qmul_s8 : loops_->qmul_u8)
                             : (is_signed ? loops_->qadd_s8 : loops_->qadd_u8);
  if (numbers == 5) {
    Share(count, [&](size_t i, size_t end) {
      loop(a + runs[0] + (runs[1] ? i : 0), runs[1], b + runs[2] + (runs[3] ? i : 0), runs[3], y + i, end - i, factors,
           lo, hi);
    });
    return info.Env().Undefined();
  }
  const FloatEnvironment environment;
  for (size_t r = 0; r + 5 <= numbers; r += 5) {
    const int32_t* run = runs + r;
    loop(a + run[0], run[1], b + run[2], run[3], y, run[4], factors, lo, hi);
    y += run[4];
  }
  return info.Env().Undefined();
}

// (x, y, scale, zeroPoint): numerics 4.2
Napi::Value Engine::DynamicQuantize(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  if (!info[0].IsTypedArray()) throw Napi::TypeError::New(info.Env(), "x is no Float32Array");
  const size_t count = info[0].As<Napi::TypedArray>().ElementLength();
  const float* x = in.Elements<float>(0, "x", count);
  uint8_t* y = in.Codes(1, "y", count);
  float* scale = in.Elements<float>(2, "scale", 1);
  uint8_t* zero = in.Codes(3, "zeroPoint", 1);
  const FloatEnvironment environment;
  float min = 0, max = 0;
  loops_->range(x, count, &min, &max);
  const float step = (max - min) / 255.0f;
  scale[0] = step == 0 ? 1.0f : step;
  const float t = 0.0f - min / scale[0];
  const float clamped = t > 0 ? (t < 255 ? t : 255) : 0;
  zero[0] = static_cast<uint8_t>(nearbyintf(clamped));
  const ToCodes to = CodesOf(zero[0], 0, 255);
  Share(count, [&](size_t i, size_t end) { loops_->quantize(x + i, y + i, end - i, scale[0], to); });
  return info.Env().Undefined();
}

// (x, table, y, signed)
Napi::Value Engine::Lookup(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  if (!info[0].IsTypedArray()) throw Napi::TypeError::New(info.Env(), "x is no typed array");
  const size_t count = info[0].As<Napi::TypedArray>().ElementLength();
  const uint8_t* x = in.Codes(0, "x", count);
  const uint8_t* table = in.Codes(1, "table", 256);
  uint8_t* y = in.Codes(2, "y", count);
  const uint8_t flip = in.Flag(3, "signed") ? 0x80 : 0;
  Share(count, [&](size_t i, size_t end) { loops_->lookup(x + i, y + i, end - i, table, flip); });
  return info.Env().Undefined();
}

// (x, zeroPoint, y, geometry): y[(n, oh, ow), (kh, kw, c)] = x[n, oh * stride + kh * dilation - pad, ..., first + c]
Napi::Value Engine::Im2col(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  const int32_t* g = in.Elements<int32_t>(3, "geometry", 16);
  for (int i = 0; i < 16; ++i)
    if (g[i] < 0) throw Napi::RangeError::New(info.Env(), "geometry is out of range");
  const size_t n = g[0], h = g[1], w = g[2], c = g[3], kh = g[4], kw = g[5];
  const int64_t sh = g[6], sw = g[7], top = g[8], left = g[9], dh = g[10], dw = g[11];
  const size_t first = g[12], count = g[13], oh = g[14], ow = g[15];
  const auto product = [&](std::initializer_list<size_t> factors) {
    size_t result = 1;
    for (const size_t factor : factors)
      if (!CheckedMultiply(result, factor, &result)) throw Napi::RangeError::New(info.Env(), "geometry is out of range");
    return result;
  };
  if (first + count > c) throw Napi::RangeError::New(info.Env(), "geometry is out of range");
  const uint8_t* x = in.Codes(0, "x", product({n, h, w, c}));
  const uint8_t zero = in.Codes(1, "zeroPoint", 1)[0];
  uint8_t* y = in.Codes(2, "y", product({n, oh, ow, kh, kw, count}));
  const size_t row = kh * kw * count;
  if (row == 0 || ow == 0) return info.Env().Undefined();
  const auto lines = [&](size_t begin, size_t end) {
    for (size_t line = begin; line < end; ++line) {
      const uint8_t* image = x + line / oh * h * w * c + first;
      uint8_t* to = y + line * ow * row;
      const int64_t y0 = static_cast<int64_t>(line % oh) * sh - top;
      for (size_t column = 0; column < ow; ++column) {
        const int64_t x0 = static_cast<int64_t>(column) * sw - left;
        for (size_t i = 0; i < kh; ++i) {
          const int64_t iy = y0 + static_cast<int64_t>(i) * dh;
          for (size_t j = 0; j < kw; ++j, to += count) {
            const int64_t ix = x0 + static_cast<int64_t>(j) * dw;
            const bool inside = iy >= 0 && iy < static_cast<int64_t>(h) && ix >= 0 && ix < static_cast<int64_t>(w);
            if (inside)
              memcpy(to, image + (static_cast<size_t>(iy) * w + static_cast<size_t>(ix)) * c, count);
            else
              memset(to, zero, count);
          }
        }
      }
    }
  };
  lines(0, n * oh);
  return info.Env().Undefined();
}

}  // namespace halftone
