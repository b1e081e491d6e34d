#include "conv.h"

#include <string.h>

#include <string>

#include "engine.h"
#include "gemm.h"

namespace halftone {
namespace {

constexpr int64_t kMostChannels = int64_t{1} << 30;

// Whether two shapes are one, so that filters of the first fit a convolution of the second.
bool Same(const qconv::FilterShape& a, const qconv::FilterShape& b) {
  const qconv::Window &v = a.window, &w = b.window;
  return a.o == b.o && a.groups == b.groups && a.w_signed == b.w_signed && a.zero_per_column == b.zero_per_column &&
         v.c == w.c && v.kernel_h == w.kernel_h && v.kernel_w == w.kernel_w && v.dilation_w == w.dilation_w;
}

}  // namespace

Napi::Function PackedFilters::Define(Napi::Env env) {
  return DefineClass(env, "PackedFilters",
                     {InstanceAccessor<&PackedFilters::ByteLength>("byteLength"),
                      InstanceMethod<&PackedFilters::Dispose>("dispose")});
}

PackedFilters::PackedFilters(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PackedFilters>(info) {
  const Arguments in(info);
  const Engine* engine = in.Wrapped<Engine>(0, "engine", Engine::kTag);
  qconv::FilterShape shape = {};
  const int32_t* numbers = in.Elements<int32_t>(3, "window", qconv::kWindowNumbers);
  shape.o = static_cast<size_t>(in.Integer(4, "outputs", 0, kMostChannels));
  shape.groups = static_cast<size_t>(in.Integer(5, "groups", 1, kMostChannels));
  shape.w_signed = in.Flag(6, "signed");
  shape.zero_per_column = in.Flag(7, "zeroPerColumn");
  const bool lasting = in.Flag(8, "lasting");
  size_t count, bytes;
  if (!qconv::ReadWindow(numbers, &shape.window) || shape.window.c % shape.groups != 0 || shape.o % shape.groups != 0 ||
      !CheckedMultiply(shape.depth() + 4 * qgemm::kDepthBlock, shape.o + qgemm::kColumnBlock, &count) ||
      !CheckedMultiply(count, 8, &bytes))
    throw Napi::RangeError::New(info.Env(), "the window is out of range");
  const uint8_t* codes = in.Codes(1, "codes", shape.depth() * shape.o);
  const uint8_t* zeros = in.Codes(2, "zeroPoints", shape.zero_per_column ? shape.o : 1);
  filters_ = qconv::MakeFilters(shape, engine->tiers(), codes, zeros, lasting);
  if (!filters_) throw Napi::RangeError::New(info.Env(), "there is no memory for packed filters");
  napi_type_tag_object(info.Env(), info.This(), &kTag);
}

Napi::Value PackedFilters::ByteLength(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), filters_ ? static_cast<double>(filters_->byte_length()) : 0);
}

Napi::Value PackedFilters::Dispose(const Napi::CallbackInfo& info) {
  filters_.reset();
  return info.Env().Undefined();
}

Napi::Function PreparedConv::Define(Napi::Env env) {
  return DefineClass(env, "PreparedConv",
                     {InstanceAccessor<&PreparedConv::Variant>("variant"), InstanceMethod<&PreparedConv::Run>("run"),
                      InstanceMethod<&PreparedConv::Dispose>("dispose")});
}

PreparedConv::PreparedConv(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PreparedConv>(info) {
  const Arguments in(info);
  const Engine* engine = in.Wrapped<Engine>(0, "engine", Engine::kTag);
  if (!engine->pool()) throw Napi::Error::New(info.Env(), "the engine was closed");
  const qconv::Filters* filters = in.Wrapped<PackedFilters>(1, "filters", PackedFilters::kTag)->filters().get();
  if (!filters) throw Napi::Error::New(info.Env(), "the packed filters were disposed");
  if (filters->layout != qgemm::LayoutFor(engine->tiers()))
    throw Napi::TypeError::New(info.Env(), "filters were packed for another engine");
  shape_.filters = filters->shape;
  shape_.form = filters->form;
  shape_.quads = filters->channels.quads != nullptr;
  shape_.x_signed = in.Flag(2, "xSigned");
  shape_.output = static_cast<qgemm::Output>(in.Integer(3, "output", 0, 3));
  shape_.multiplier_per_column = in.Flag(4, "multiplierPerColumn");
  size_t results;
  if (!CheckedMultiply(shape_.filters.window.pixels(), shape_.filters.o, &results) ||
      !CheckedMultiply(results, sizeof(int32_t), &results) || shape_.filters.window.pixels() > INT32_MAX)
    throw Napi::RangeError::New(info.Env(), "the result has too many elements");
  conv_ = qconv::Conv::Make(shape_, engine->tiers(), engine->pool()->threads());
  if (!conv_) throw Napi::RangeError::New(info.Env(), "there is no memory for this convolution");
  engine_ = Napi::Persistent(info[0].As<Napi::Object>());
}

Napi::Value PreparedConv::Variant(const Napi::CallbackInfo& info) {
  if (!conv_) return info.Env().Null();
  std::string name = conv_->name();
  const std::string types = std::string(shape_.x_signed ? "s8" : "u8") + (shape_.filters.w_signed ? "s8" : "u8");
  name.replace(name.find("%s"), 2, types);
  return Napi::String::New(info.Env(), name);
}

Napi::Value PreparedConv::Run(const Napi::CallbackInfo& info) {
  const Engine* engine = conv_ ? Engine::Unwrap(engine_.Value()) : nullptr;
  const Call in(info, engine);
  const std::shared_ptr<qconv::Filters> filters = in.Wrapped<PackedFilters>(0, "filters", PackedFilters::kTag)->filters();
  const qconv::FilterShape& shape = shape_.filters;
  if (!filters || filters->form != shape_.form || (shape_.quads && !filters->channels.quads) || !Same(filters->shape, shape) ||
      (filters->form == qconv::Form::kPatches && filters->shape.padded_depth() != shape.padded_depth()) ||
      filters->layout != qgemm::LayoutFor(engine->tiers()))
    throw Napi::TypeError::New(info.Env(), "these are other filters");
  const qconv::Window& window = shape.window;
  const auto x = in.OperandCodes(1, "x", window.n * window.h * window.w * window.c);
  const auto x_zero = in.OperandCodes(2, "xZeroPoint", 1);
  const auto w_zero = in.OperandCodes(3, "wZeroPoint", shape.zero_per_column ? shape.o : 1);
  const WayOutPlaces way_out(in, 4, shape_.output, shape.o, shape_.multiplier_per_column);
  const auto y = ResultPlace(in, 9, shape_.output, 0, window.pixels() * shape.o);
  return in.Do([=, conv = conv_](ThreadPool& pool) {
    conv->Run(*filters, {x.get(), *x_zero.get(), w_zero.get(), way_out.get(), y.get()}, &pool);
  });
}

Napi::Value PreparedConv::Dispose(const Napi::CallbackInfo& info) {
  conv_.reset();
  engine_.Reset();
  return info.Env().Undefined();
}

}  // namespace halftone
