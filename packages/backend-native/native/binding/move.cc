#include "move.h"

#include <array>

#include "../base/buffer.h"
#include "../base/sharing.h"
#include "../loops/move.h"
#include "call.h"

namespace halftone {
namespace {

// Bytes of a nanosecond.
constexpr double kPerNanosecond = 10;

}  // namespace

Napi::Value Transpose(const Napi::CallbackInfo& info) {
  const Engine* engine = EngineOf(info);
  const Call in(info, engine);
  if (!info[3].IsTypedArray()) throw Napi::TypeError::New(info.Env(), "axes is no Int32Array");
  const size_t numbers = info[3].As<Napi::TypedArray>().ElementLength();
  const int32_t* given = in.Elements<int32_t>(3, "axes", numbers);
  const size_t count = numbers / 2;
  if (count < 1 || count > kMostAxes) throw Napi::RangeError::New(info.Env(), "there are 1 to 8 axes");
  std::array<Axis, kMostAxes> axes;
  size_t elements = 1, last = 0, step;
  for (size_t a = 0; a < count; ++a) {
    if (given[2 * a] < 0 || given[2 * a + 1] < 0) throw Napi::RangeError::New(info.Env(), "axes are out of range");
    axes[a] = {static_cast<size_t>(given[2 * a]), static_cast<size_t>(given[2 * a + 1])};
    if (!CheckedMultiply(elements, axes[a].extent, &elements) ||
        (axes[a].extent > 0 && (!CheckedMultiply(axes[a].extent - 1, axes[a].stride, &step) ||
                                __builtin_add_overflow(last, step, &last))))
      throw Napi::RangeError::New(info.Env(), "axes are out of range");
  }
  size_t element_bytes;
  const auto x = in.OperandAny(1, "x", elements > 0 ? last + 1 : 0, &element_bytes);
  size_t y_bytes;
  const auto y = in.ResultAny(2, "y", elements, &y_bytes);
  if (y_bytes != element_bytes) throw Napi::TypeError::New(info.Env(), "y has elements of another size");
  if (elements == 0) return info.Env().Undefined();
  return in.Do([=, loops = &engine->loops()](ThreadPool& pool) {
    const size_t extent = axes[0].extent;
    const double bytes = static_cast<double>(elements) * static_cast<double>(element_bytes);
    pool.Run(ThreadsFor(SharingOf(bytes / kPerNanosecond), pool), [&](unsigned thread, unsigned threads) {
      Transpose(x.get(), y.get(), element_bytes, axes.data(), count, extent * thread / threads,
                extent * (thread + 1) / threads, *loops);
    });
  });
}

}  // namespace halftone
