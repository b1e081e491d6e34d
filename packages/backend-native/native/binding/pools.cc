#include "pools.h"

#include "../base/sharing.h"
#include "../qconv/pool.h"
#include "call.h"

namespace halftone {
namespace {

// Elements of windows, of a nanosecond.
constexpr double kPerNanosecond = 30;

qconv::Window WindowAt(const Arguments& in, size_t place) {
  qconv::Window window;
  if (!qconv::ReadWindow(in.Elements<int32_t>(place, "window", qconv::kWindowNumbers), &window))
    throw Napi::RangeError::New(in.env(), "the window is out of range");
  return window;
}

unsigned ThreadsFor(const qconv::Window& window, const ThreadPool& pool) {
  const double elements = static_cast<double>(window.pixels()) * static_cast<double>(window.c * window.taps());
  return halftone::ThreadsFor(SharingOf(elements / kPerNanosecond), pool);
}

}  // namespace

Napi::Value MaxPool(const Napi::CallbackInfo& info) {
  const Engine* engine = EngineOf(info);
  const Call in(info, engine);
  const qconv::Window window = WindowAt(in, 3);
  const auto x = in.OperandCodes(1, "x", window.n * window.h * window.w * window.c);
  const auto y = in.ResultCodes(2, "y", window.pixels() * window.c);
  const bool is_signed = in.Flag(4, "signed");
  return in.Do([=, loops = &engine->loops()](ThreadPool& pool) {
    pool.Run(ThreadsFor(window, pool), [&](unsigned thread, unsigned threads) {
      qconv::MaxPool(window, *loops, x.get(), is_signed, y.get(), thread, threads);
    });
  });
}

Napi::Value AveragePool(const Napi::CallbackInfo& info) {
  const Engine* engine = EngineOf(info);
  const Call in(info, engine);
  const qconv::Window window = WindowAt(in, 5);
  const auto x = in.OperandCodes(1, "x", window.n * window.h * window.w * window.c);
  const bool is_signed = in.IsSigned(1);
  const Zero x_zero(in.OperandCodes(2, "xZeroPoint", 1), is_signed);
  const auto y = in.ResultCodes(4, "y", window.pixels() * window.c);
  const auto multiplier = in.Operand<float>(3, "multiplier", window.taps());
  const Zero y_zero = in.OperandZero(6, "zeroPoint");
  const int64_t lo = in.Integer(7, "lo", -128, 255), hi = in.Integer(8, "hi", -128, 255);
  const bool count_border = in.Flag(9, "countBorder");
  return in.Do([=, loops = &engine->loops()](ThreadPool& pool) {
    qconv::Average average;
    average.x_signed = is_signed;
    average.x_zero = x_zero.get();
    average.multiplier = multiplier.get();
    average.to.zero = y_zero.get();
    average.to.lo = static_cast<float>(lo - average.to.zero);
    average.to.hi = static_cast<float>(hi - average.to.zero);
    average.count_border = count_border;
    pool.Run(ThreadsFor(window, pool), [&](unsigned thread, unsigned threads) {
      const FloatEnvironment environment;
      qconv::AveragePool(window, *loops, x.get(), average, y.get(), thread, threads);
    });
  });
}

}  // namespace halftone
