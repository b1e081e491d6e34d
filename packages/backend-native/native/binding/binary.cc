#include "binary.h"

#include "call.h"

namespace halftone {
namespace {

// Sums are int32.
constexpr int64_t kMostSigns = 0x7fffffff;

size_t Signs(const Arguments& in, size_t place) { return static_cast<size_t>(in.Integer(place, "k", 0, kMostSigns)); }

}  // namespace

Napi::Function PackedBits::Define(Napi::Env env) {
  return DefineClass(env, "PackedBits",
                     {InstanceAccessor<&PackedBits::ByteLength>("byteLength"), InstanceMethod<&PackedBits::Fill>("fill"),
                      InstanceMethod<&PackedBits::Dispose>("dispose")});
}

PackedBits::PackedBits(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PackedBits>(info) {
  const Arguments in(info);
  in.Wrapped<Engine>(0, "engine", Engine::kTag);
  n_ = in.Size(2, "n");
  k_ = Signs(in, 3);
  const uint8_t* bits = in.Codes(1, "bits", in.Product(n_, bgemm::RowBytes(k_)));
  auto matrix = std::make_shared<bgemm::PackedB>();
  if (!bgemm::Pack(matrix.get(), bits, n_, k_))
    throw Napi::RangeError::New(info.Env(), "there is no memory for packed signs");
  matrix_ = std::move(matrix);
  engine_ = Napi::Persistent(info[0].As<Napi::Object>());
  napi_type_tag_object(info.Env(), info.This(), &kTag);
}

Napi::Value PackedBits::ByteLength(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), matrix_ ? static_cast<double>(matrix_->buffer.size()) : 0);
}

Napi::Value PackedBits::Fill(const Napi::CallbackInfo& info) {
  const Call in(info, matrix_ ? Engine::Unwrap(engine_.Value()) : nullptr);
  const auto bits = in.OperandCodes(0, "bits", n_ * bgemm::RowBytes(k_));
  // It has the memory that it needs since it was made.
  return in.Do([=, matrix = matrix_, n = n_, k = k_](ThreadPool&) { bgemm::Pack(matrix.get(), bits.get(), n, k); });
}

Napi::Value PackedBits::Dispose(const Napi::CallbackInfo& info) {
  matrix_.reset();
  engine_.Reset();
  return info.Env().Undefined();
}

Napi::Function PreparedBinary::Define(Napi::Env env) {
  return DefineClass(env, "PreparedBinary",
                     {InstanceAccessor<&PreparedBinary::Variant>("variant"), InstanceMethod<&PreparedBinary::Run>("run"),
                      InstanceMethod<&PreparedBinary::Dispose>("dispose")});
}

PreparedBinary::PreparedBinary(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PreparedBinary>(info) {
  const Arguments in(info);
  const Engine* engine = in.Wrapped<Engine>(0, "engine", Engine::kTag);
  if (!engine->pool()) throw Napi::Error::New(info.Env(), "the engine was closed");
  m_ = in.Size(1, "m");
  n_ = in.Size(2, "n");
  k_ = Signs(in, 3);
  in.Product(in.Product(m_, n_), sizeof(int32_t));
  in.Product(m_, bgemm::RowBytes(k_));
  binary_ = bgemm::Binary::Make(m_, n_, k_, engine->tiers(), engine->pool()->threads());
  if (!binary_) throw Napi::RangeError::New(info.Env(), "there is no memory for this product");
  engine_ = Napi::Persistent(info[0].As<Napi::Object>());
}

Napi::Value PreparedBinary::Variant(const Napi::CallbackInfo& info) {
  if (!binary_) return info.Env().Null();
  return Napi::String::New(info.Env(), binary_->kernel().name);
}

Napi::Value PreparedBinary::Run(const Napi::CallbackInfo& info) {
  const Call in(info, binary_ ? Engine::Unwrap(engine_.Value()) : nullptr);
  const std::shared_ptr<bgemm::PackedB> packed = in.Wrapped<PackedBits>(0, "packed", PackedBits::kTag)->matrix();
  if (!packed || packed->n != n_ || packed->k != k_) throw Napi::TypeError::New(info.Env(), "packed holds other signs");
  const auto a = in.OperandCodes(1, "a", m_ * bgemm::RowBytes(k_));
  const auto y = in.Result<int32_t>(2, "y", m_ * n_);
  return in.Do([=, binary = binary_](ThreadPool& pool) { binary->Run(*packed, a.get(), y.get(), &pool); });
}

Napi::Value PreparedBinary::Dispose(const Napi::CallbackInfo& info) {
  binary_.reset();
  engine_.Reset();
  return info.Env().Undefined();
}

}  // namespace halftone
