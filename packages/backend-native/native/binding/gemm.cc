#include "gemm.h"

#include <string>

#include "../arch/float-environment.h"
#include "arguments.h"
#include "engine.h"

namespace halftone {
namespace {

constexpr int64_t kMostIndex = int64_t{1} << 32;

size_t Product(const Arguments& in, size_t a, size_t b) {
  size_t product;
  if (!CheckedMultiply(a, b, &product)) throw Napi::RangeError::New(in.env(), "the matrix has too many elements");
  return product;
}

}  // namespace

// Operands from `place` on: bias, multiplier, zero point, lowest and highest code.
qgemm::WayOut ReadWayOut(const Arguments& in, size_t place, qgemm::Output output, size_t n, bool multiplier_per_column) {
  const bool floats = output == qgemm::Output::kFloat32;
  // A float bias is added after scaling, an int32 one before.
  const bool float_bias = floats && in.IsFloats(place);
  qgemm::WayOut way_out;
  way_out.bias = float_bias ? nullptr : in.OptionalElements<int32_t>(place, "bias", n);
  way_out.float_bias = float_bias ? in.Elements<float>(place, "bias", n) : nullptr;
  way_out.multiplier = output == qgemm::Output::kInt32
                           ? nullptr
                           : in.Elements<float>(place + 1, "multiplier", multiplier_per_column ? n : 1);
  way_out.zero = static_cast<int32_t>(in.Integer(place + 2, "zeroPoint", -128, 255));
  way_out.lo = static_cast<int32_t>(in.Integer(place + 3, "lo", -128, 255));
  way_out.hi = static_cast<int32_t>(in.Integer(place + 4, "hi", -128, 255));
  return way_out;
}

Napi::Function PackedMatrix::Define(Napi::Env env) {
  return DefineClass(env, "PackedMatrix",
                     {InstanceAccessor<&PackedMatrix::ByteLength>("byteLength"),
                      InstanceMethod<&PackedMatrix::Fill>("fill"), InstanceMethod<&PackedMatrix::Dispose>("dispose")});
}

PackedMatrix::PackedMatrix(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PackedMatrix>(info) {
  const Arguments in(info);
  const Engine* engine = in.Wrapped<Engine>(0, "engine", Engine::kTag);
  n_ = in.Size(2, "n");
  k_ = in.Size(3, "k");
  transposed_ = in.Flag(4, "transposed");
  signed_ = in.Flag(5, "signed");
  layout_ = qgemm::LayoutFor(engine->tiers());
  const uint8_t* codes = in.Codes(1, "codes", Product(in, n_, k_));
  matrix_.reset(new qgemm::PackedB());
  PackFrom(info, codes);
  napi_type_tag_object(info.Env(), info.This(), &kTag);
}

void PackedMatrix::PackFrom(const Napi::CallbackInfo& info, const uint8_t* codes) {
  if (qgemm::Pack(matrix_.get(), layout_, codes, signed_, n_, k_, transposed_)) return;
  matrix_.reset();
  throw Napi::RangeError::New(info.Env(), "there is no memory for packed weights");
}

Napi::Value PackedMatrix::ByteLength(const Napi::CallbackInfo& info) {
  const double bytes = matrix_ ? static_cast<double>(matrix_->codes.size() + matrix_->sums.size()) : 0;
  return Napi::Number::New(info.Env(), bytes);
}

Napi::Value PackedMatrix::Fill(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  if (!matrix_) throw Napi::Error::New(info.Env(), "the packed weights were disposed");
  PackFrom(info, in.Codes(0, "codes", n_ * k_));
  return info.Env().Undefined();
}

Napi::Value PackedMatrix::Dispose(const Napi::CallbackInfo& info) {
  matrix_.reset();
  return info.Env().Undefined();
}

Napi::Function PreparedProduct::Define(Napi::Env env) {
  return DefineClass(env, "PreparedProduct",
                     {InstanceAccessor<&PreparedProduct::Variant>("variant"),
                      InstanceMethod<&PreparedProduct::Run>("run"), InstanceMethod<&PreparedProduct::Dispose>("dispose")});
}

PreparedProduct::PreparedProduct(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PreparedProduct>(info) {
  const Arguments in(info);
  const Engine* engine = in.Wrapped<Engine>(0, "engine", Engine::kTag);
  if (!engine->pool()) throw Napi::Error::New(info.Env(), "the engine was closed");
  shape_.m = in.Size(1, "m");
  shape_.n = in.Size(2, "n");
  shape_.k = in.Size(3, "k");
  shape_.a_signed = in.Flag(4, "aSigned");
  shape_.b_signed = in.Flag(5, "bSigned");
  shape_.output = static_cast<qgemm::Output>(in.Integer(6, "output", 0, 3));
  shape_.zero_per_column = in.Flag(7, "zeroPerColumn");
  shape_.multiplier_per_column = in.Flag(8, "multiplierPerColumn");
  Product(in, Product(in, shape_.m, shape_.n), sizeof(int32_t));
  Product(in, shape_.m, shape_.k);
  gemm_ = qgemm::Gemm::Make(shape_, engine->tiers(), engine->pool()->threads());
  if (!gemm_) throw Napi::RangeError::New(info.Env(), "there is no memory for this product");
  engine_ = Napi::Persistent(info[0].As<Napi::Object>());
}

Napi::Value PreparedProduct::Variant(const Napi::CallbackInfo& info) {
  if (!gemm_) return info.Env().Null();
  std::string name = gemm_->kernel().name;
  const std::string types = std::string(shape_.a_signed ? "s8" : "u8") + (shape_.b_signed ? "s8" : "u8");
  name.replace(name.find("%s"), 2, types);
  return Napi::String::New(info.Env(), name);
}

Napi::Value PreparedProduct::Run(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  ThreadPool* pool = engine_.IsEmpty() ? nullptr : Engine::Unwrap(engine_.Value())->pool();
  if (!gemm_ || !pool) throw Napi::Error::New(info.Env(), "the product was disposed, or its engine closed");
  const qgemm::PackedB* packed = in.Wrapped<PackedMatrix>(0, "packed", PackedMatrix::kTag)->matrix();
  const auto& [m, n, k] = std::tie(shape_.m, shape_.n, shape_.k);
  if (!packed || packed->n != n || packed->k != k || packed->b_signed != shape_.b_signed ||
      packed->layout != gemm_->layout())
    throw Napi::TypeError::New(info.Env(), "packed holds other weights");
  const size_t index = static_cast<size_t>(in.Integer(10, "index", 0, kMostIndex));
  const size_t a_count = m * k;
  const size_t y_count = m * n;
  const size_t a_end = Product(in, index + 1, a_count);
  const size_t y_end = Product(in, index + 1, y_count);
  qgemm::Operands operands;
  operands.a = in.Codes(1, "a", a_end) + index * a_count;
  const uint8_t a_zero = in.Codes(2, "aZeroPoint", 1)[0];
  operands.a_zero = shape_.a_signed ? static_cast<int8_t>(a_zero) : a_zero;
  operands.b_zero = in.Codes(3, "bZeroPoint", shape_.zero_per_column ? n : 1);
  const bool floats = shape_.output == qgemm::Output::kFloat32;
  const bool sums = shape_.output == qgemm::Output::kInt32;
  operands.way_out = ReadWayOut(in, 4, shape_.output, n, shape_.multiplier_per_column);
  if (sums)
    operands.y = in.Elements<int32_t>(9, "y", y_end) + index * y_count;
  else if (floats)
    operands.y = in.Elements<float>(9, "y", y_end) + index * y_count;
  else
    operands.y = in.Codes(9, "y", y_end) + index * y_count;
  const FloatEnvironment environment;
  gemm_->Run(*packed, operands, pool);
  return info.Env().Undefined();
}

Napi::Value PreparedProduct::Dispose(const Napi::CallbackInfo& info) {
  gemm_.reset();
  engine_.Reset();
  return info.Env().Undefined();
}

}  // namespace halftone
