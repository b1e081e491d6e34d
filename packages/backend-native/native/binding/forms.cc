#include "forms.h"

#include <string.h>

#include "../loops/softmax.h"
#include "parameters.h"

namespace halftone {
namespace {

// Elements of wholes, of a nanosecond: each takes a division.
constexpr double kSoftmaxPerNanosecond = 2;
constexpr int64_t kMostCode = 65535;
// Entries of a table of powers.
constexpr int32_t kMostPower = 1 << 30;

// How codes are held.
enum Kind : int64_t { kU8, kS8, kU16, kS16, kS32 };

bool IsSigned(int64_t kind) { return kind == kS8 || kind == kS16; }
bool IsWide(int64_t kind) { return kind == kU16 || kind == kS16; }

// Codes of one or two bytes, by `find` of bytes or of anything.
template <typename Bytes, typename Any>
Place<uint8_t> CodesOf(const Call& in, const char* name, int64_t kind, const Bytes& bytes, const Any& any) {
  if (!IsWide(kind)) return bytes();
  size_t size;
  const Place<uint8_t> codes = any(&size);
  if (size != sizeof(uint16_t)) throw Napi::TypeError::New(in.env(), std::string(name) + " has no codes of 16 bits");
  return codes;
}

Place<uint8_t> OperandCodesOf(const Call& in, size_t place, const char* name, size_t count, int64_t kind) {
  return CodesOf(in, name, kind, [&] { return in.OperandCodes(place, name, count); },
                 [&](size_t* size) { return in.OperandAny(place, name, count, size); });
}

Place<uint8_t> ResultCodesOf(const Call& in, size_t place, const char* name, size_t count, int64_t kind) {
  return CodesOf(in, name, kind, [&] { return in.ResultCodes(place, name, count); },
                 [&](size_t* size) { return in.ResultAny(place, name, count, size); });
}

int32_t CodeAt(const void* codes, size_t i, int64_t kind) {
  if (IsWide(kind)) return kind == kS16 ? static_cast<const int16_t*>(codes)[i] : static_cast<const uint16_t*>(codes)[i];
  return kind == kS8 ? static_cast<const int8_t*>(codes)[i] : static_cast<const uint8_t*>(codes)[i];
}

// The way to codes in fixed point, as a call finds it.
struct FixedPlaces {
  FixedMode mode;
  Zero zero;
  int32_t lo, hi;

  FixedPlaces(const Call& in, size_t place)
      : mode(static_cast<FixedMode>(in.Integer(place, "mode", 0, 2))),
        zero(in.OperandZero(place + 1, "zeroPoint")),
        lo(static_cast<int32_t>(in.Integer(place + 2, "lo", -128, 255))),
        hi(static_cast<int32_t>(in.Integer(place + 3, "hi", -128, 255))) {}
  FixedCodes get() const { return {mode, zero.get(), lo, hi}; }
};

bool ArePowers(const int32_t* table) {
  bool powers = table[0] > 0;
  for (size_t d = 0; d < 256; ++d) powers &= table[d] >= 0 && table[d] <= kMostPower;
  return powers;
}

}  // namespace

// (engine, x, scale, zeroPoint, y, outer, channels, inner, block, kind, lo, hi)
Napi::Value QuantizeForm(const Napi::CallbackInfo& info) {
  const Engine* engine = EngineOf(info);
  const Call in(info, engine);
  const Parameters parameters(in, 5, Parameters::Blocks::kRead);
  const int64_t kind = in.Integer(9, "kind", kU8, kS16);
  const int32_t lo = static_cast<int32_t>(in.Integer(10, "lo", -32768, kMostCode));
  const int32_t hi = static_cast<int32_t>(in.Integer(11, "hi", -32768, kMostCode));
  const auto x = in.Operand<float>(1, "x", parameters.elements());
  const auto scale = in.Operand<float>(2, "scale", parameters.count());
  const auto zero = OperandCodesOf(in, 3, "zeroPoint", parameters.count(), kind);
  const auto y = ResultCodesOf(in, 4, "y", parameters.elements(), kind);
  return in.Do([=, loops = &engine->loops()](ThreadPool& pool) {
    const size_t bytes = IsWide(kind) ? sizeof(uint16_t) : sizeof(uint8_t);
    const auto range = IsWide(kind) ? (IsSigned(kind) ? loops->quantize_range_s16 : loops->quantize_range_u16)
                                    : (IsSigned(kind) ? loops->quantize_range_s8 : loops->quantize_range_u8);
    parameters.Share(
        pool,
        [&](size_t i, size_t count, size_t p) {
          const int32_t z = CodeAt(zero.get(), p, kind);
          const ToCodes to = {static_cast<float>(lo - z), static_cast<float>(hi - z), z};
          if (IsWide(kind))
            loops->quantize_16(x.get() + i, reinterpret_cast<uint16_t*>(y.get()) + i, count, scale.get()[p], to);
          else
            loops->quantize(x.get() + i, y.get() + i, count, scale.get()[p], to);
        },
        [&](size_t i, size_t count, size_t p) {
          range(x.get() + i, y.get() + i * bytes, count, scale.get() + p, zero.get() + p * bytes, lo, hi);
        });
  });
}

// (engine, x, scale, zeroPoint | null, y, outer, channels, inner, block, kind)
Napi::Value DequantizeForm(const Napi::CallbackInfo& info) {
  const Engine* engine = EngineOf(info);
  const Call in(info, engine);
  const Parameters parameters(in, 5, Parameters::Blocks::kRead);
  const int64_t kind = in.Integer(9, "kind", kU8, kS32);
  const auto scale = in.Operand<float>(2, "scale", parameters.count());
  const auto y = in.Result<float>(4, "y", parameters.elements());
  const Loops* const loops = &engine->loops();
  if (kind == kS32) {
    const auto x = in.Operand<int32_t>(1, "x", parameters.elements());
    return in.Do([=](ThreadPool& pool) {
      parameters.Share(
          pool,
          [&](size_t i, size_t count, size_t p) { loops->dequantize_s32(x.get() + i, y.get() + i, count, scale.get()[p]); },
          [&](size_t i, size_t count, size_t p) {
            loops->dequantize_each_s32(x.get() + i, y.get() + i, count, scale.get() + p);
          });
    });
  }
  const auto x = OperandCodesOf(in, 1, "x", parameters.elements(), kind);
  const auto zero = OperandCodesOf(in, 3, "zeroPoint", parameters.count(), kind);
  const bool is_signed = IsSigned(kind);
  if (IsWide(kind)) {
    const auto one = is_signed ? loops->dequantize_s16 : loops->dequantize_u16;
    const auto each = is_signed ? loops->dequantize_each_s16 : loops->dequantize_each_u16;
    return in.Do([=](ThreadPool& pool) {
      const uint16_t* const codes = reinterpret_cast<const uint16_t*>(x.get());
      const uint16_t* const zeros = reinterpret_cast<const uint16_t*>(zero.get());
      parameters.Share(
          pool,
          [&](size_t i, size_t count, size_t p) {
            one(codes + i, y.get() + i, count, scale.get()[p], CodeAt(zeros, p, kind));
          },
          [&](size_t i, size_t count, size_t p) { each(codes + i, y.get() + i, count, scale.get() + p, zeros + p); });
    });
  }
  const auto one = is_signed ? loops->dequantize_s8 : loops->dequantize_u8;
  const auto each = is_signed ? loops->dequantize_each_s8 : loops->dequantize_each_u8;
  return in.Do([=](ThreadPool& pool) {
    parameters.Share(
        pool,
        [&](size_t i, size_t count, size_t p) {
          one(x.get() + i, y.get() + i, count, scale.get()[p], CodeAt(zero.get(), p, kind));
        },
        [&](size_t i, size_t count, size_t p) { each(x.get() + i, y.get() + i, count, scale.get() + p, zero.get() + p); });
  });
}

// (engine, x, multiplier, shift, y, outer, channels, inner, block, mode, zeroPoint, lo, hi)
Napi::Value RequantizeFixed(const Napi::CallbackInfo& info) {
  const Engine* engine = EngineOf(info);
  const Call in(info, engine);
  const Parameters parameters(in, 5, Parameters::Blocks::kRead);
  const auto x = in.Operand<int32_t>(1, "x", parameters.elements());
  const auto multiplier = in.Operand<int32_t>(2, "multiplier", parameters.count());
  const auto shift = in.Operand<int32_t>(3, "shift", parameters.count());
  const auto y = in.ResultCodes(4, "y", parameters.elements());
  const FixedPlaces to(in, 9);
  return in.Do([=, loops = &engine->loops()](ThreadPool& pool) {
    const FixedCodes codes = to.get();
    const auto run = [&](bool each) {
      return [&, each](size_t i, size_t count, size_t p) {
        loops->requantize_fixed(x.get() + i, y.get() + i, count, multiplier.get() + p, shift.get() + p, each, codes);
      };
    };
    parameters.Share(pool, run(false), run(true));
  });
}

// (engine, x, table, multiplier, shift, y, outer, extent, inner, mode, zeroPoint, lo, hi)
Napi::Value QSoftmax(const Napi::CallbackInfo& info) {
  const Engine* engine = EngineOf(info);
  const Call in(info, engine);
  const size_t outer = in.Size(6, "outer"), extent = in.Size(7, "extent"), inner = in.Size(8, "inner");
  size_t wholes, elements;
  // The sum of so many powers is below 2^53.
  if (extent >= size_t{1} << 22 || !CheckedMultiply(outer, inner, &wholes) || !CheckedMultiply(wholes, extent, &elements))
    throw Napi::RangeError::New(info.Env(), "the tensor has too many elements");
  const auto x = in.OperandCodes(1, "x", elements);
  const uint8_t flip = in.IsSigned(1) ? 0x80 : 0;
  if (!in.records() && !ArePowers(in.Elements<int32_t>(2, "table", 256)))
    throw Napi::RangeError::New(info.Env(), "table has something else than powers from 0 to 2^30");
  const auto table = in.Operand<int32_t>(2, "table", 256);
  const auto multiplier = in.Operand<int32_t>(3, "multiplier", 1);
  const auto shift = in.Operand<int32_t>(4, "shift", 1);
  const auto y = in.ResultCodes(5, "y", elements);
  const FixedPlaces to(in, 9);
  if (elements == 0) return info.Env().Undefined();
  return in.Do([=, loops = &engine->loops()](ThreadPool& pool) {
    // A run of a program has nobody to tell: nothing has a share then.
    if (!ArePowers(table.get())) {
      memset(y.get(), to.zero.get(), elements);
      return;
    }
    Softmax softmax;
    softmax.extent = extent;
    softmax.inner = inner;
    softmax.flip = flip;
    softmax.table = table.get();
    softmax.multiplier = *multiplier.get();
    softmax.shift = *shift.get();
    softmax.to = to.get();
    const Sharing sharing = SharingOf(static_cast<double>(elements) / kSoftmaxPerNanosecond);
    pool.Run(ThreadsFor(sharing, pool), [&](unsigned thread, unsigned threads) {
      const FloatEnvironment environment;
      SoftmaxOf(softmax, x.get(), y.get(), wholes * thread / threads, wholes * (thread + 1) / threads, *loops);
    });
  });
}

}  // namespace halftone
