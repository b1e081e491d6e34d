// Convolutions against plain loops: every form, with borders, strides, dilations and groups.
#include <math.h>

#include <memory>

#include "../qconv/conv.h"
#include "checks.h"

namespace halftone {
namespace {

using qgemm::Output;

size_t Extent(size_t padded, size_t kernel, size_t dilation, size_t stride) {
  const size_t reach = (kernel - 1) * dilation + 1;
  return padded < reach ? 0 : (padded - reach) / stride + 1;
}

qconv::Window DrawWindow(size_t channels) {
  qconv::Window w = {};
  w.n = 1 + Next() % 2;
  w.h = 1 + Next() % 12;
  w.w = 1 + Next() % 40;
  w.c = channels;
  w.kernel_h = 1 + Next() % 5;
  w.kernel_w = 1 + Next() % 5;
  w.stride_h = 1 + Next() % 2;
  w.stride_w = 1 + Next() % 3;
  for (size_t* pad : {&w.top, &w.left, &w.bottom, &w.right}) *pad = Next() % 4;
  w.dilation_h = 1 + Next() % 2;
  w.dilation_w = 1 + (Next() % 4 == 0);
  w.out_h = Extent(w.padded_h(), w.kernel_h, w.dilation_h, w.stride_h);
  w.out_w = Extent(w.padded_w(), w.kernel_w, w.dilation_w, w.stride_w);
  return w;
}

// The sum of one window, without its way out.
uint32_t Sum(const qconv::FilterShape& s, const uint8_t* x, bool x_signed, int32_t x_zero, const uint8_t* w, int32_t w_zero,
             size_t image, size_t oh, size_t ow, size_t o) {
  const qconv::Window& v = s.window;
  const size_t channels = s.group_channels(), group = o / s.group_outputs();
  uint32_t acc = 0;
  for (size_t i = 0; i < v.kernel_h; ++i)
    for (size_t j = 0; j < v.kernel_w; ++j) {
      // Before the image the differences wrap.
      const size_t y = oh * v.stride_h + i * v.dilation_h - v.top, at = ow * v.stride_w + j * v.dilation_w - v.left;
      if (y >= v.h || at >= v.w) continue;
      for (size_t c = 0; c < channels; ++c)
        acc += static_cast<uint32_t>(
            (Value(x[((image * v.h + y) * v.w + at) * v.c + group * channels + c], x_signed) - x_zero) *
            (Value(w[((o * v.kernel_h + i) * v.kernel_w + j) * channels + c], s.w_signed) - w_zero));
    }
  return acc;
}

void TestConvolution(uint32_t tiers, const char* tier, const qconv::Window& window, size_t o, size_t groups) {
  qconv::FilterShape shape = {};
  shape.window = window;
  shape.o = o;
  shape.groups = groups;
  shape.w_signed = Next() % 2;
  shape.zero_per_column = Next() % 2;
  const bool x_signed = Next() % 2, shifted = Next() % 3 == 0, lasting = Next() % 4 != 0, wide = Next() % 3 == 0;
  const unsigned threads = 1 + Next() % 3;
  const Array<uint8_t> x = Codes(window.n * window.h * window.w * window.c), w = Codes(o * shape.depth());
  Array<uint8_t> zeros = Codes(o);
  if (!shifted)
    for (uint8_t& zero : zeros) zero = 0;
  const std::unique_ptr<qconv::Filters> filters = qconv::MakeFilters(shape, tiers, w.data(), zeros.data(), lasting);
  const Output outputs[] = {Output::kInt32, Output::kUint8, Output::kInt8, Output::kFloat32};
  for (const Output output : outputs) {
    const qconv::ConvShape conv_shape = {shape, filters->form, filters->channels.quads != nullptr, x_signed, output, true};
    const std::unique_ptr<qconv::Conv> conv = qconv::Conv::Make(conv_shape, tiers, threads);
    Array<float> multiplier(o), bias(o);
    Array<int32_t> sum_bias(o);
    for (size_t j = 0; j < o; ++j) {
      // Some scale past int32.
      multiplier[j] = ldexpf(1.0f + Next() % 1000 / 1000.0f, wide ? 8 : -10);
      bias[j] = static_cast<float>(Next() % 100);
      sum_bias[j] = static_cast<int32_t>(Next() << 8) >> 8;
    }
    const size_t count = window.pixels() * o;
    Array<uint8_t> codes(output == Output::kUint8 || output == Output::kInt8 ? count : 0);
    Array<int32_t> sums(output == Output::kInt32 ? count : 0);
    Array<float> floats(output == Output::kFloat32 ? count : 0);
    qconv::ConvOperands operands = {};
    operands.x = x.data();
    operands.x_zero = static_cast<uint8_t>(Next());
    operands.w_zero = zeros.data();
    qgemm::WayOut& out = operands.way_out;
    out.bias = output == Output::kFloat32 ? nullptr : sum_bias.data();
    out.float_bias = output == Output::kFloat32 ? bias.data() : nullptr;
    out.multiplier = output == Output::kInt32 ? nullptr : multiplier.data();
    const int32_t least = output == Output::kInt8 ? -128 : 0;
    out.lo = least + static_cast<int32_t>(wide ? Next() % 20 : 0);
    out.hi = least + 255;
    out.zero = least + static_cast<int32_t>(Next() % 256);
    operands.y = output == Output::kInt32     ? static_cast<void*>(sums.data())
                 : output == Output::kFloat32 ? static_cast<void*>(floats.data())
                                              : codes.data();
    ThreadPool pool(threads);
    conv->Run(*filters, operands, &pool);
    const int32_t x_zero = Value(operands.x_zero, x_signed);
    bool right = true;
    for (size_t place = 0; place < count; ++place) {
      const size_t j = place % o, pixel = place / o;
      const int32_t w_zero = Value(zeros[shape.zero_per_column ? j : 0], shape.w_signed);
      uint32_t acc = Sum(shape, x.data(), x_signed, x_zero, w.data(), w_zero, pixel / window.out_w / window.out_h,
                         pixel / window.out_w % window.out_h, pixel % window.out_w, j);
      if (out.bias) acc += static_cast<uint32_t>(out.bias[j]);
      const float t = static_cast<float>(static_cast<int32_t>(acc)) * multiplier[j];
      const float lo = static_cast<float>(out.lo - out.zero), hi = static_cast<float>(out.hi - out.zero);
      const float clamped = t < lo ? lo : t > hi ? hi : t;
      if (output == Output::kInt32)
        right &= sums[place] == static_cast<int32_t>(acc);
      else if (output == Output::kFloat32)
        right &= floats[place] == t + bias[j];
      else
        right &= codes[place] == static_cast<uint8_t>(static_cast<int32_t>(nearbyintf(clamped)) + out.zero);
    }
    Check(right, conv->name(), tier, window.pixels(), o, shape.depth());
  }
}

}  // namespace

void TestConvolutions(uint32_t tiers, const char* tier) {
  const size_t channels[] = {1, 2, 3, 7, 16, 17, 32, 63, 64, 65, 130};
  for (int round = 0; round < 12; ++round)
    for (const size_t c : channels) {
      TestConvolution(tiers, tier, DrawWindow(c), 1 + Next() % 70, 1);
      TestConvolution(tiers, tier, DrawWindow(c), c, c);
      TestConvolution(tiers, tier, DrawWindow(2 * c), 2 * (1 + Next() % 20), 2);
    }
}

}  // namespace halftone
