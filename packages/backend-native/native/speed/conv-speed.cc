// Layers of real networks, one at a time: what each takes, and what it takes at least by the multiplications that its weights
// need and the codes that it moves.
#include <stdio.h>
#include <string.h>

#include <algorithm>
#include <vector>

#include "../qconv/conv.h"
#include "peaks.h"
#include "speed.h"

namespace halftone {
namespace {

struct Layer {
  const char* network;
  size_t h, w, c, o, kernel_h, kernel_w, stride, groups;
};

// The convolutions of MobileNet v1 (width 0.25), MobileNet v2, DS-CNN and ResNets that are more than a product.
constexpr Layer kLayers[] = {
    {"MobileNet v1, first", 224, 224, 3, 8, 3, 3, 2, 1},
    {"MobileNet v1", 112, 112, 8, 8, 3, 3, 1, 8},
    {"MobileNet v1", 112, 112, 16, 16, 3, 3, 2, 16},
    {"MobileNet v1", 56, 56, 32, 32, 3, 3, 1, 32},
    {"MobileNet v1", 56, 56, 32, 32, 3, 3, 2, 32},
    {"MobileNet v1", 28, 28, 64, 64, 3, 3, 1, 64},
    {"MobileNet v1", 28, 28, 64, 64, 3, 3, 2, 64},
    {"MobileNet v1", 14, 14, 128, 128, 3, 3, 1, 128},
    {"MobileNet v1", 14, 14, 128, 128, 3, 3, 2, 128},
    {"MobileNet v1", 7, 7, 256, 256, 3, 3, 1, 256},
    {"MobileNet v2", 56, 56, 144, 144, 3, 3, 1, 144},
    {"MobileNet v2", 56, 56, 144, 144, 3, 3, 2, 144},
    {"MobileNet v2", 28, 28, 192, 192, 5, 5, 1, 192},
    {"MobileNet v2", 112, 112, 24, 24, 3, 3, 1, 24},
    {"DS-CNN, first", 49, 10, 1, 64, 10, 4, 2, 1},
    {"DS-CNN", 25, 5, 64, 64, 3, 3, 1, 64},
    {"ResNet, first", 224, 224, 3, 64, 7, 7, 2, 1},
    {"ResNet of CIFAR, first", 32, 32, 3, 16, 3, 3, 1, 1},
    {"ResNet of CIFAR", 32, 32, 16, 16, 3, 3, 1, 1},
};

qconv::Window WindowOf(const Layer& layer) {
  qconv::Window w = {};
  w.n = 1;
  w.h = layer.h;
  w.w = layer.w;
  w.c = layer.c;
  w.kernel_h = layer.kernel_h;
  w.kernel_w = layer.kernel_w;
  w.stride_h = w.stride_w = layer.stride;
  w.dilation_h = w.dilation_w = 1;
  w.out_h = (layer.h + layer.stride - 1) / layer.stride;
  w.out_w = (layer.w + layer.stride - 1) / layer.stride;
  const size_t down = (w.out_h - 1) * layer.stride + layer.kernel_h, across = (w.out_w - 1) * layer.stride + layer.kernel_w;
  const size_t pad_h = down > layer.h ? down - layer.h : 0, pad_w = across > layer.w ? across - layer.w : 0;
  w.top = pad_h / 2, w.bottom = pad_h - w.top;
  w.left = pad_w / 2, w.right = pad_w - w.left;
  return w;
}

void TimeLayer(uint32_t tiers, const Layer& layer, double tiles, double vectors, ThreadPool* pool) {
  qconv::FilterShape filters_shape = {};
  filters_shape.window = WindowOf(layer);
  filters_shape.o = layer.o;
  filters_shape.groups = layer.groups;
  filters_shape.w_signed = true;
  const qconv::Window& window = filters_shape.window;
  const size_t depth = filters_shape.depth();
  const std::vector<uint8_t> weights = RandomCodes(layer.o * depth), codes = RandomCodes(window.h * window.w * window.c);
  const uint8_t zero = 0;
  const auto filters = qconv::MakeFilters(filters_shape, tiers, weights.data(), &zero, true);
  const qconv::ConvShape shape = {filters_shape, filters->form, filters->channels.quads != nullptr, false, qgemm::Output::kUint8, true};
  const auto conv = qconv::Conv::Make(shape, tiers, pool->threads());
  const std::vector<float> multiplier(layer.o, 1e-3f);
  const std::vector<int32_t> bias(layer.o, 5);
  Buffer x, y;
  memcpy(x.Reserve(codes.size()), codes.data(), codes.size());
  qconv::ConvOperands operands = {};
  operands.x = static_cast<const uint8_t*>(x.data());
  operands.x_zero = 120;
  operands.w_zero = &zero;
  operands.way_out.bias = bias.data();
  operands.way_out.multiplier = multiplier.data();
  operands.way_out.zero = 128;
  operands.way_out.hi = 255;
  const size_t results = window.pixels() * layer.o;
  operands.y = y.Reserve(results);
  std::vector<double> times;
  for (const double end = Now() + 0.2; Now() < end || times.size() < 5;) {
    const double start = Now();
    for (int i = 0; i < 4; ++i) conv->Run(*filters, operands, pool);
    times.push_back((Now() - start) / 4);
  }
  std::sort(times.begin(), times.end());
  // Tiles are of products alone.
  const double peak = strstr(conv->name(), "amx") ? tiles : vectors;
  const double operations = 2.0 * static_cast<double>(results * depth), moved = static_cast<double>(codes.size() + results);
  printf("%-24s %3zux%-3zu c%-3zu o%-3zu %zux%zu/%zu %-30s %8.2f us, median %8.2f  %7.1f GOPS, at least %6.2f us  %6.1f GB/s\n", layer.network,
         layer.h, layer.w, layer.c, layer.o, layer.kernel_h, layer.kernel_w, layer.stride, conv->name(), times.front() * 1e6,
         times[times.size() / 2] * 1e6, operations / times.front() / 1e9, operations / peak * 1e6, moved / times.front() / 1e9);
  fflush(stdout);
}

}  // namespace

void TimeLayers(const char* tier, Tier unit, unsigned threads, const char* network) {
  const uint32_t tiers = CapTiers(AvailableTiers(), tier);
  if (tiers == 0) return;
  const double peak = PeakOf(unit, 0.3);
  const double vectors = unit == kAmx ? PeakOf(kAvx512Vnni, 0.3) : peak;
  printf("%s: %.0f GOPS over registers, %.0f of its vectors, %u thread%s\n", tier, peak / 1e9, vectors / 1e9, threads, threads == 1 ? "" : "s");
  ThreadPool pool(threads);
  for (const Layer& layer : kLayers)
    if (strstr(layer.network, network)) TimeLayer(tiers, layer, peak * threads, vectors * threads, &pool);
}

}  // namespace halftone
