#include "gemm.h"

#include <string>

#include "engine.h"

namespace halftone {
namespace {

constexpr int64_t kMostIndex = int64_t{1} << 32;

}  // namespace

WayOutPlaces::WayOutPlaces(const Call& in, size_t place, qgemm::Output output, size_t n, bool multiplier_per_column) {
  // A float bias is added after scaling, an int32 one before.
  if (output == qgemm::Output::kFloat32 && in.IsFloats(place))
    float_bias = in.Operand<float>(place, "bias", n);
  else
    bias = in.OptionalOperand<int32_t>(place, "bias", n);
  if (output != qgemm::Output::kInt32)
    multiplier = in.Operand<float>(place + 1, "multiplier", multiplier_per_column ? n : 1);
  zero = in.OperandZero(place + 2, "zeroPoint");
  lo = static_cast<int32_t>(in.Integer(place + 3, "lo", -128, 255));
  hi = static_cast<int32_t>(in.Integer(place + 4, "hi", -128, 255));
}

qgemm::WayOut WayOutPlaces::get() const {
  qgemm::WayOut way_out;
  way_out.bias = bias.get();
  way_out.float_bias = float_bias.get();
  way_out.multiplier = multiplier.get();
  way_out.zero = zero.get();
  way_out.lo = lo;
  way_out.hi = hi;
  return way_out;
}

Place<uint8_t> ResultPlace(const Call& in, size_t place, qgemm::Output output, size_t index, size_t count) {
  const size_t end = (index + 1) * count, start = index * count;
  if (output == qgemm::Output::kInt32) return (in.Result<int32_t>(place, "y", end) + start).bytes();
  if (output == qgemm::Output::kFloat32) return (in.Result<float>(place, "y", end) + start).bytes();
  return in.ResultCodes(place, "y", end) + start;
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
  const uint8_t* codes = in.Codes(1, "codes", in.Product(n_, k_));
  auto matrix = std::make_shared<qgemm::PackedB>();
  if (!qgemm::Pack(matrix.get(), layout_, codes, signed_, n_, k_, transposed_))
    throw Napi::RangeError::New(info.Env(), "there is no memory for packed weights");
  matrix_ = std::move(matrix);
  engine_ = Napi::Persistent(info[0].As<Napi::Object>());
  napi_type_tag_object(info.Env(), info.This(), &kTag);
}

Napi::Value PackedMatrix::ByteLength(const Napi::CallbackInfo& info) {
  const double bytes = matrix_ ? static_cast<double>(matrix_->codes.size() + matrix_->sums.size()) : 0;
  return Napi::Number::New(info.Env(), bytes);
}

Napi::Value PackedMatrix::Fill(const Napi::CallbackInfo& info) {
  const Call in(info, matrix_ ? Engine::Unwrap(engine_.Value()) : nullptr);
  const auto codes = in.OperandCodes(0, "codes", n_ * k_);
  // It has the memory that it needs since it was made.
  return in.Do([=, matrix = matrix_, layout = layout_, is_signed = signed_, n = n_, k = k_,
                transposed = transposed_](ThreadPool&) {
    qgemm::Pack(matrix.get(), layout, codes.get(), is_signed, n, k, transposed);
  });
}

Napi::Value PackedMatrix::Dispose(const Napi::CallbackInfo& info) {
  matrix_.reset();
  engine_.Reset();
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
  in.Product(in.Product(shape_.m, shape_.n), sizeof(int32_t));
  in.Product(shape_.m, shape_.k);
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
  const Call in(info, gemm_ ? Engine::Unwrap(engine_.Value()) : nullptr);
  const std::shared_ptr<qgemm::PackedB> packed = in.Wrapped<PackedMatrix>(0, "packed", PackedMatrix::kTag)->matrix();
  const auto& [m, n, k] = std::tie(shape_.m, shape_.n, shape_.k);
  if (!packed || packed->n != n || packed->k != k || packed->b_signed != shape_.b_signed ||
      packed->layout != gemm_->layout())
    throw Napi::TypeError::New(info.Env(), "packed holds other weights");
  const size_t index = static_cast<size_t>(in.Integer(10, "index", 0, kMostIndex));
  const auto a = in.OperandCodes(1, "a", in.Product(index + 1, m * k)) + index * m * k;
  const Zero a_zero(in.OperandCodes(2, "aZeroPoint", 1), shape_.a_signed);
  const auto b_zero = in.OperandCodes(3, "bZeroPoint", shape_.zero_per_column ? n : 1);
  const WayOutPlaces way_out(in, 4, shape_.output, n, shape_.multiplier_per_column);
  in.Product(index + 1, m * n);
  const auto y = ResultPlace(in, 9, shape_.output, index, m * n);
  return in.Do([=, gemm = gemm_](ThreadPool& pool) {
    gemm->Run(*packed, {a.get(), a_zero.get(), b_zero.get(), way_out.get(), y.get()}, &pool);
  });
}

Napi::Value PreparedProduct::Dispose(const Napi::CallbackInfo& info) {
  gemm_.reset();
  engine_.Reset();
  return info.Env().Undefined();
}

}  // namespace halftone
