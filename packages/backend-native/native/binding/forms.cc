#include "forms.h"

#include "../loops/softmax.h"
#include "parameters.h"

namespace halftone {
namespace {

// Wholes are worth another thread from so many elements on: each takes a division.
constexpr size_t kSoftmaxWorthThreads = size_t{1} << 15;
constexpr int64_t kMostCode = 65535;
// Entries of a table of powers.
constexpr int32_t kMostPower = 1 << 30;

// How codes are held.
enum Kind : int64_t { kU8, kS8, kU16, kS16, kS32 };

bool IsSigned(int64_t kind) { return kind == kS8 || kind == kS16; }
bool IsWide(int64_t kind) { return kind == kU16 || kind == kS16; }

// Codes of one or two bytes.
void* CodesAt(const Arguments& in, size_t place, const char* name, size_t count, int64_t kind) {
  if (!IsWide(kind)) return in.Codes(place, name, count);
  size_t bytes;
  void* codes = in.Any(place, name, count, &bytes);
  if (bytes != sizeof(uint16_t)) throw Napi::TypeError::New(in.env(), std::string(name) + " has no codes of 16 bits");
  return codes;
}

int32_t CodeAt(const void* codes, size_t i, int64_t kind) {
  if (IsWide(kind)) return kind == kS16 ? static_cast<const int16_t*>(codes)[i] : static_cast<const uint16_t*>(codes)[i];
  return kind == kS8 ? static_cast<const int8_t*>(codes)[i] : static_cast<const uint8_t*>(codes)[i];
}

FixedCodes FixedAt(const Arguments& in, size_t place) {
  return {static_cast<FixedMode>(in.Integer(place, "mode", 0, 2)),
          static_cast<int32_t>(in.Integer(place + 1, "zero", -128, 255)),
          static_cast<int32_t>(in.Integer(place + 2, "lo", -128, 255)),
          static_cast<int32_t>(in.Integer(place + 3, "hi", -128, 255))};
}

}  // namespace

// (engine, x, scale, zeroPoint, y, outer, channels, inner, block, kind, lo, hi)
Napi::Value QuantizeForm(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  const Engine* engine = in.Wrapped<Engine>(0, "engine", Engine::kTag);
  const Parameters parameters(in, 5);
  const int64_t kind = in.Integer(9, "kind", kU8, kS16);
  const int32_t lo = static_cast<int32_t>(in.Integer(10, "lo", -32768, kMostCode));
  const int32_t hi = static_cast<int32_t>(in.Integer(11, "hi", -32768, kMostCode));
  const float* x = in.Elements<float>(1, "x", parameters.elements());
  const float* scale = in.Elements<float>(2, "scale", parameters.count());
  const void* zero = CodesAt(in, 3, "zeroPoint", parameters.count(), kind);
  void* y = CodesAt(in, 4, "y", parameters.elements(), kind);
  const Loops& loops = engine->loops();
  const size_t bytes = IsWide(kind) ? sizeof(uint16_t) : sizeof(uint8_t);
  const auto range = IsWide(kind) ? (IsSigned(kind) ? loops.quantize_range_s16 : loops.quantize_range_u16)
                                  : (IsSigned(kind) ? loops.quantize_range_s8 : loops.quantize_range_u8);
  parameters.Share(
      *engine,
      [&](size_t i, size_t count, size_t p) {
        const int32_t z = CodeAt(zero, p, kind);
        const ToCodes to = {static_cast<float>(lo - z), static_cast<float>(hi - z), z};
        if (IsWide(kind))
          loops.quantize_16(x + i, static_cast<uint16_t*>(y) + i, count, scale[p], to);
        else
          loops.quantize(x + i, static_cast<uint8_t*>(y) + i, count, scale[p], to);
      },
      [&](size_t i, size_t count, size_t p) {
        range(x + i, static_cast<uint8_t*>(y) + i * bytes, count, scale + p, static_cast<const uint8_t*>(zero) + p * bytes, lo, hi);
      });
  return info.Env().Undefined();
}

// (engine, x, scale, zeroPoint | null, y, outer, channels, inner, block, kind)
Napi::Value DequantizeForm(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  const Engine* engine = in.Wrapped<Engine>(0, "engine", Engine::kTag);
  const Parameters parameters(in, 5);
  const int64_t kind = in.Integer(9, "kind", kU8, kS32);
  const float* scale = in.Elements<float>(2, "scale", parameters.count());
  float* y = in.Elements<float>(4, "y", parameters.elements());
  const Loops& loops = engine->loops();
  if (kind == kS32) {
    const int32_t* x = in.Elements<int32_t>(1, "x", parameters.elements());
    parameters.Share(
        *engine, [&](size_t i, size_t count, size_t p) { loops.dequantize_s32(x + i, y + i, count, scale[p]); },
        [&](size_t i, size_t count, size_t p) { loops.dequantize_each_s32(x + i, y + i, count, scale + p); });
    return info.Env().Undefined();
  }
  const void* x = CodesAt(in, 1, "x", parameters.elements(), kind);
  const void* zero = CodesAt(in, 3, "zeroPoint", parameters.count(), kind);
  const bool is_signed = IsSigned(kind);
  if (IsWide(kind)) {
    const uint16_t *codes = static_cast<const uint16_t*>(x), *zeros = static_cast<const uint16_t*>(zero);
    const auto one = is_signed ? loops.dequantize_s16 : loops.dequantize_u16;
    const auto each = is_signed ? loops.dequantize_each_s16 : loops.dequantize_each_u16;
    parameters.Share(
        *engine, [&](size_t i, size_t count, size_t p) { one(codes + i, y + i, count, scale[p], CodeAt(zero, p, kind)); },
        [&](size_t i, size_t count, size_t p) { each(codes + i, y + i, count, scale + p, zeros + p); });
    return info.Env().Undefined();
  }
  const uint8_t *codes = static_cast<const uint8_t*>(x), *zeros = static_cast<const uint8_t*>(zero);
  const auto one = is_signed ? loops.dequantize_s8 : loops.dequantize_u8;
  const auto each = is_signed ? loops.dequantize_each_s8 : loops.dequantize_each_u8;
  parameters.Share(
      *engine, [&](size_t i, size_t count, size_t p) { one(codes + i, y + i, count, scale[p], CodeAt(zero, p, kind)); },
      [&](size_t i, size_t count, size_t p) { each(codes + i, y + i, count, scale + p, zeros + p); });
  return info.Env().Undefined();
}

// (engine, x, multiplier, shift, y, outer, channels, inner, block, mode, zero, lo, hi)
Napi::Value RequantizeFixed(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  const Engine* engine = in.Wrapped<Engine>(0, "engine", Engine::kTag);
  const Parameters parameters(in, 5);
  const int32_t* x = in.Elements<int32_t>(1, "x", parameters.elements());
  const int32_t* multiplier = in.Elements<int32_t>(2, "multiplier", parameters.count());
  const int32_t* shift = in.Elements<int32_t>(3, "shift", parameters.count());
  uint8_t* y = in.Codes(4, "y", parameters.elements());
  const FixedCodes to = FixedAt(in, 9);
  const auto run = [&](bool each) {
    return [&, each](size_t i, size_t count, size_t p) {
      engine->loops().requantize_fixed(x + i, y + i, count, multiplier + p, shift + p, each, to);
    };
  };
  parameters.Share(*engine, run(false), run(true));
  return info.Env().Undefined();
}

// (engine, x, table, multiplier, shift, y, outer, extent, inner, mode, zero, lo, hi)
Napi::Value QSoftmax(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  const Engine* engine = in.Wrapped<Engine>(0, "engine", Engine::kTag);
  ThreadPool* pool = engine->pool();
  if (!pool) throw Napi::Error::New(info.Env(), "the engine was closed");
  Softmax softmax;
  const size_t outer = in.Size(6, "outer");
  softmax.extent = in.Size(7, "extent");
  softmax.inner = in.Size(8, "inner");
  size_t wholes, elements;
  // The sum of so many powers is below 2^53.
  if (softmax.extent >= size_t{1} << 22 || !CheckedMultiply(outer, softmax.inner, &wholes) ||
      !CheckedMultiply(wholes, softmax.extent, &elements))
    throw Napi::RangeError::New(info.Env(), "the tensor has too many elements");
  const uint8_t* x = in.Codes(1, "x", elements);
  softmax.flip = info[1].As<Napi::TypedArray>().TypedArrayType() == napi_int8_array ? 0x80 : 0;
  softmax.table = in.Elements<int32_t>(2, "table", 256);
  bool powers = softmax.table[0] > 0;
  for (size_t d = 0; d < 256; ++d) powers &= softmax.table[d] >= 0 && softmax.table[d] <= kMostPower;
  if (!powers) throw Napi::RangeError::New(info.Env(), "table has something else than powers from 0 to 2^30");
  softmax.multiplier = in.Elements<int32_t>(3, "multiplier", 1)[0];
  softmax.shift = in.Elements<int32_t>(4, "shift", 1)[0];
  uint8_t* y = in.Codes(5, "y", elements);
  softmax.to = FixedAt(in, 9);
  if (elements == 0) return info.Env().Undefined();
  pool->Run(elements < kSoftmaxWorthThreads ? 1 : pool->threads(), [&](unsigned thread, unsigned threads) {
    const FloatEnvironment environment;
    SoftmaxOf(softmax, x, y, wholes * thread / threads, wholes * (thread + 1) / threads, engine->loops());
  });
  return info.Env().Undefined();
}

}  // namespace halftone
