#include "pools.h"

#include "../arch/float-environment.h"
#include "../base/buffer.h"
#include "../qconv/pool.h"
#include "arguments.h"
#include "engine.h"

namespace halftone {
namespace {

// Windows with fewer elements are done before another thread has woken up.
constexpr size_t kWorthThreads = size_t{1} << 18;

qconv::Window WindowAt(const Arguments& in, size_t place) {
  qconv::Window window;
  if (!qconv::ReadWindow(in.Elements<int32_t>(place, "window", qconv::kWindowNumbers), &window))
    throw Napi::RangeError::New(in.env(), "the window is out of range");
  return window;
}

unsigned ThreadsFor(const qconv::Window& window, ThreadPool* pool) {
  size_t work;
  const bool large = !CheckedMultiply(window.pixels() * window.c, window.taps(), &work) || work >= kWorthThreads;
  return large ? pool->threads() : 1;
}

ThreadPool* PoolAt(const Arguments& in, const Engine* engine) {
  if (!engine->pool()) throw Napi::Error::New(in.env(), "the engine was closed");
  return engine->pool();
}

}  // namespace

Napi::Value MaxPool(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  const Engine* engine = in.Wrapped<Engine>(0, "engine", Engine::kTag);
  ThreadPool* pool = PoolAt(in, engine);
  const qconv::Window window = WindowAt(in, 3);
  const uint8_t* x = in.Codes(1, "x", window.n * window.h * window.w * window.c);
  uint8_t* y = in.Codes(2, "y", window.pixels() * window.c);
  const bool is_signed = in.Flag(4, "signed");
  pool->Run(ThreadsFor(window, pool), [&](unsigned thread, unsigned threads) {
    qconv::MaxPool(window, engine->loops(), x, is_signed, y, thread, threads);
  });
  return info.Env().Undefined();
}

Napi::Value AveragePool(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  const Engine* engine = in.Wrapped<Engine>(0, "engine", Engine::kTag);
  ThreadPool* pool = PoolAt(in, engine);
  const qconv::Window window = WindowAt(in, 5);
  const uint8_t* x = in.Codes(1, "x", window.n * window.h * window.w * window.c);
  const uint8_t x_zero = in.Codes(2, "xZeroPoint", 1)[0];
  uint8_t* y = in.Codes(4, "y", window.pixels() * window.c);
  qconv::Average average;
  average.x_signed = info[1].As<Napi::TypedArray>().TypedArrayType() == napi_int8_array;
  average.x_zero = average.x_signed ? static_cast<int8_t>(x_zero) : x_zero;
  average.multiplier = in.Elements<float>(3, "multiplier", window.taps());
  average.to.zero = static_cast<int32_t>(in.Integer(6, "zeroPoint", -128, 255));
  average.to.lo = static_cast<float>(in.Integer(7, "lo", -128, 255) - average.to.zero);
  average.to.hi = static_cast<float>(in.Integer(8, "hi", -128, 255) - average.to.zero);
  average.count_border = in.Flag(9, "countBorder");
  pool->Run(ThreadsFor(window, pool), [&](unsigned thread, unsigned threads) {
    const FloatEnvironment environment;
    qconv::AveragePool(window, engine->loops(), x, average, y, thread, threads);
  });
  return info.Env().Undefined();
}

}  // namespace halftone
