#include "engine.h"

#include <math.h>
#include <string.h>

#include <algorithm>
#include <string>

#include "../arch/cpu.h"
#include "../base/buffer.h"
#include "call.h"
#include "parameters.h"

namespace halftone {
namespace {

constexpr int64_t kMostThreads = 1024;
// Bytes that im2col copies in a nanosecond.
constexpr double kCopiedPerNanosecond = 10;

ToCodes CodesOf(int64_t zero, int64_t lo, int64_t hi) {
  return {static_cast<float>(lo - zero), static_cast<float>(hi - zero), static_cast<int32_t>(zero)};
}

int32_t ZeroAt(const uint8_t* zeros, size_t i, bool is_signed) {
  return is_signed ? static_cast<int8_t>(zeros[i]) : zeros[i];
}

}  // namespace

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

// (x, scale, zeroPoint, y, outer, channels, inner, signed)
Napi::Value Engine::Quantize(const Napi::CallbackInfo& info) {
  const Call in(info, this);
  const Parameters parameters(in, 4, Parameters::Blocks::kNone);
  const auto x = in.Operand<float>(0, "x", parameters.elements());
  const auto scale = in.Operand<float>(1, "scale", parameters.count());
  const auto zero = in.OperandCodes(2, "zeroPoint", parameters.count());
  const auto y = in.ResultCodes(3, "y", parameters.elements());
  const bool is_signed = in.Flag(7, "signed");
  return in.Do([=, loops = loops_](ThreadPool& pool) {
    const int32_t lo = is_signed ? -128 : 0;
    const auto quantize_each = is_signed ? loops->quantize_each_s8 : loops->quantize_each_u8;
    parameters.Share(
        pool,
        [&](size_t i, size_t count, size_t channel) {
          loops->quantize(x.get() + i, y.get() + i, count, scale.get()[channel],
                          CodesOf(ZeroAt(zero.get(), channel, is_signed), lo, lo + 255));
        },
        [&](size_t i, size_t count, size_t channel) {
          quantize_each(x.get() + i, y.get() + i, count, scale.get() + channel, zero.get() + channel);
        });
  });
}

// (x, scale, zeroPoint | null, y, outer, channels, inner, kind): kind 0 uint8, 1 int8, 2 int32
Napi::Value Engine::Dequantize(const Napi::CallbackInfo& info) {
  const Call in(info, this);
  const Parameters parameters(in, 4, Parameters::Blocks::kNone);
  const int64_t kind = in.Integer(7, "kind", 0, 2);
  const auto scale = in.Operand<float>(1, "scale", parameters.count());
  const auto y = in.Result<float>(3, "y", parameters.elements());
  if (kind == 2) {
    const auto x = in.Operand<int32_t>(0, "x", parameters.elements());
    return in.Do([=, loops = loops_](ThreadPool& pool) {
      parameters.Share(
          pool,
          [&](size_t i, size_t count, size_t channel) {
            loops->dequantize_s32(x.get() + i, y.get() + i, count, scale.get()[channel]);
          },
          [&](size_t i, size_t count, size_t channel) {
            loops->dequantize_each_s32(x.get() + i, y.get() + i, count, scale.get() + channel);
          });
    });
  }
  const bool is_signed = kind == 1;
  const auto x = in.OperandCodes(0, "x", parameters.elements());
  const auto zero = in.OperandCodes(2, "zeroPoint", parameters.count());
  return in.Do([=, loops = loops_](ThreadPool& pool) {
    const auto dequantize = is_signed ? loops->dequantize_s8 : loops->dequantize_u8;
    const auto dequantize_each = is_signed ? loops->dequantize_each_s8 : loops->dequantize_each_u8;
    parameters.Share(
        pool,
        [&](size_t i, size_t count, size_t channel) {
          dequantize(x.get() + i, y.get() + i, count, scale.get()[channel], ZeroAt(zero.get(), channel, is_signed));
        },
        [&](size_t i, size_t count, size_t channel) {
          dequantize_each(x.get() + i, y.get() + i, count, scale.get() + channel, zero.get() + channel);
        });
  });
}

// (x, multiplier, y, outer, channels, inner, zeroPoint, lo, hi)
Napi::Value Engine::Requantize(const Napi::CallbackInfo& info) {
  const Call in(info, this);
  const Parameters parameters(in, 3, Parameters::Blocks::kNone);
  const auto x = in.Operand<int32_t>(0, "x", parameters.elements());
  const auto multiplier = in.Operand<float>(1, "multiplier", parameters.count());
  const auto y = in.ResultCodes(2, "y", parameters.elements());
  const auto zero = in.OperandZero(6, "zeroPoint");
  const int64_t lo = in.Integer(7, "lo", -128, 255), hi = in.Integer(8, "hi", -128, 255);
  return in.Do([=, loops = loops_](ThreadPool& pool) {
    const ToCodes to = CodesOf(zero.get(), lo, hi);
    parameters.Share(
        pool,
        [&](size_t i, size_t count, size_t channel) {
          loops->requantize(x.get() + i, y.get() + i, count, multiplier.get()[channel], to);
        },
        [&](size_t i, size_t count, size_t channel) {
          loops->requantize_each(x.get() + i, y.get() + i, count, multiplier.get() + channel, to);
        });
  });
}

// (multiply, a, b, y, factors, signed, lo, hi, runs: Int32Array of [aStart, aStep, bStart, bStep, count]...)
Napi::Value Engine::Pairwise(const Napi::CallbackInfo& info) {
  const Call in(info, this);
  const bool multiply = in.Flag(0, "multiply");
  const bool is_signed = in.Flag(5, "signed");
  const auto factors = in.Operand<float>(4, "factors", multiply ? 4 : 3);
  const float lo = in.Number(6, "lo");
  const float hi = in.Number(7, "hi");
  if (!info[8].IsTypedArray()) throw Napi::TypeError::New(info.Env(), "runs is no Int32Array");
  const size_t numbers = info[8].As<Napi::TypedArray>().ElementLength();
  const int32_t* given = in.Elements<int32_t>(8, "runs", numbers);
  struct Run {
    size_t a, a_step, b, b_step, count;
  };
  std::vector<Run> runs;
  size_t a_most = 0, b_most = 0, total = 0;
  for (size_t r = 0; r + 5 <= numbers; r += 5) {
    const int32_t* numbers_of = given + r;
    for (const int i : {0, 2, 4})
      if (numbers_of[i] < 0) throw Napi::RangeError::New(info.Env(), "runs are out of range");
    const Run run = {size_t(numbers_of[0]), size_t(numbers_of[1]), size_t(numbers_of[2]), size_t(numbers_of[3]),
                     size_t(numbers_of[4])};
    if (run.a_step > 1 || run.b_step > 1) throw Napi::RangeError::New(info.Env(), "runs are out of range");
    if (run.count == 0) continue;
    a_most = std::max(a_most, run.a + (run.a_step ? run.count : 1));
    b_most = std::max(b_most, run.b + (run.b_step ? run.count : 1));
    total += run.count;
    runs.push_back(run);
  }
  const auto a = in.OperandCodes(1, "a", a_most);
  const auto b = in.OperandCodes(2, "b", b_most);
  const auto y = in.ResultCodes(3, "y", total);
  const auto loop = multiply ? (is_signed ? loops_->qmul_s8 : loops_->qmul_u8)
                             : (is_signed ? loops_->qadd_s8 : loops_->qadd_u8);
  return in.Do([=, runs = std::move(runs)](ThreadPool& pool) {
    uint8_t* to = y.get();
    for (const Run& run : runs) {
      ShareElements(pool, run.count, [&](size_t i, size_t end) {
        loop(a.get() + run.a + i * run.a_step, run.a_step, b.get() + run.b + i * run.b_step, run.b_step, to + i, end - i,
             factors.get(), lo, hi);
      });
      to += run.count;
    }
  });
}

// (x, y, scale, zeroPoint): numerics 4.2
Napi::Value Engine::DynamicQuantize(const Napi::CallbackInfo& info) {
  const Call in(info, this);
  if (!info[0].IsTypedArray()) throw Napi::TypeError::New(info.Env(), "x is no Float32Array");
  const size_t count = info[0].As<Napi::TypedArray>().ElementLength();
  const auto x = in.Operand<float>(0, "x", count);
  const auto y = in.ResultCodes(1, "y", count);
  const auto scale = in.Result<float>(2, "scale", 1);
  const auto zero = in.ResultCodes(3, "zeroPoint", 1);
  return in.Do([=, loops = loops_](ThreadPool& pool) {
    float min = 0, max = 0;
    loops->range(x.get(), count, &min, &max);
    const float width = (max - min) / 255.0f;
    const float step = width == 0 ? 1.0f : width;
    const float t = 0.0f - min / step;
    const float clamped = t > 0 ? (t < 255 ? t : 255) : 0;
    const uint8_t center = static_cast<uint8_t>(nearbyintf(clamped));
    *scale.get() = step;
    *zero.get() = center;
    const ToCodes to = CodesOf(center, 0, 255);
    ShareElements(pool, count, [&](size_t i, size_t end) { loops->quantize(x.get() + i, y.get() + i, end - i, step, to); });
  });
}

// (x, table, y, signed)
Napi::Value Engine::Lookup(const Napi::CallbackInfo& info) {
  const Call in(info, this);
  if (!info[0].IsTypedArray()) throw Napi::TypeError::New(info.Env(), "x is no typed array");
  const size_t count = info[0].As<Napi::TypedArray>().ElementLength();
  const auto x = in.OperandCodes(0, "x", count);
  const auto table = in.OperandCodes(1, "table", 256);
  const auto y = in.ResultCodes(2, "y", count);
  const uint8_t flip = in.Flag(3, "signed") ? 0x80 : 0;
  return in.Do([=, loops = loops_](ThreadPool& pool) {
    ShareElements(pool, count, [&](size_t i, size_t end) {
      loops->lookup(x.get() + i, y.get() + i, end - i, table.get(), flip);
    });
  });
}

// (x, zeroPoint, y, geometry): y[(n, oh, ow), (kh, kw, c)] = x[n, oh * stride + kh * dilation - pad, ..., first + c]
Napi::Value Engine::Im2col(const Napi::CallbackInfo& info) {
  const Call in(info, this);
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
  const auto x = in.OperandCodes(0, "x", product({n, h, w, c}));
  const auto zero_place = in.OperandCodes(1, "zeroPoint", 1);
  const auto y = in.ResultCodes(2, "y", product({n, oh, ow, kh, kw, count}));
  const size_t row = kh * kw * count;
  if (row == 0 || ow == 0) return info.Env().Undefined();
  return in.Do([=](ThreadPool& pool) {
    const uint8_t zero = *zero_place.get();
    const auto line_of = [&](size_t line) {
      const uint8_t* image = x.get() + line / oh * h * w * c + first;
      uint8_t* to = y.get() + line * ow * row;
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
    };
    const size_t lines = n * oh;
    const double elements = static_cast<double>(lines) * static_cast<double>(ow * row);
    pool.Run(ThreadsFor(SharingOf(elements / kCopiedPerNanosecond), pool), [&](unsigned thread, unsigned threads) {
      for (size_t line = lines * thread / threads; line < lines * (thread + 1) / threads; ++line) line_of(line);
    });
  });
}

}  // namespace halftone
