#include "binary.h"

#include "arguments.h"
#include "engine.h"

namespace halftone {
namespace {

// Sums are int32.
constexpr int64_t kMostSigns = 0x7fffffff;

size_t Count(const Arguments& in, size_t rows, size_t row) {
  size_t count;
  if (!CheckedMultiply(rows, row, &count)) throw Napi::RangeError::New(in.env(), "the matrix has too many elements");
  return count;
}

size_t Signs(const Arguments& in, size_t place) { return static_cast<size_t>(in.Integer(place, "k", 0, kMostSigns)); }

}  // namespace

Napi::Function PackedBits::Define(Napi::Env env) {
  return DefineClass(env, "PackedBits",
                     {InstanceAccessor<&PackedBits::ByteLength>("byteLength"), InstanceMethod<&PackedBits::Fill>("fill"),
                      InstanceMethod<&PackedBits::Dispose>("dispose")});
}

PackedBits::PackedBits(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PackedBits>(info) {
  const Arguments in(info);
  n_ = in.Size(1, "n");
  k_ = Signs(in, 2);
  matrix_.reset(new bgemm::PackedB());
  PackFrom(info, 0);
  napi_type_tag_object(info.Env(), info.This(), &kTag);
}

void PackedBits::PackFrom(const Napi::CallbackInfo& info, size_t place) {
  const Arguments in(info);
  const uint8_t* bits = in.Codes(place, "bits", Count(in, n_, bgemm::RowBytes(k_)));
  if (bgemm::Pack(matrix_.get(), bits, n_, k_)) return;
  matrix_.reset();
  throw Napi::RangeError::New(info.Env(), "there is no memory for packed signs");
}

Napi::Value PackedBits::ByteLength(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), matrix_ ? static_cast<double>(matrix_->buffer.size()) : 0);
}

Napi::Value PackedBits::Fill(const Napi::CallbackInfo& info) {
  if (!matrix_) throw Napi::Error::New(info.Env(), "the packed signs were disposed");
  PackFrom(info, 0);
  return info.Env().Undefined();
}

Napi::Value PackedBits::Dispose(const Napi::CallbackInfo& info) {
  matrix_.reset();
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
  Count(in, Count(in, m_, n_), sizeof(int32_t));
  Count(in, m_, bgemm::RowBytes(k_));
  binary_ = bgemm::Binary::Make(m_, n_, k_, engine->tiers(), engine->pool()->threads());
  if (!binary_) throw Napi::RangeError::New(info.Env(), "there is no memory for this product");
  engine_ = Napi::Persistent(info[0].As<Napi::Object>());
}

Napi::Value PreparedBinary::Variant(const Napi::CallbackInfo& info) {
  if (!binary_) return info.Env().Null();
  return Napi::String::New(info.Env(), binary_->kernel().name);
}

Napi::Value PreparedBinary::Run(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  ThreadPool* pool = engine_.IsEmpty() ? nullptr : Engine::Unwrap(engine_.Value())->pool();
  if (!binary_ || !pool) throw Napi::Error::New(info.Env(), "the product was disposed, or its engine closed");
  const bgemm::PackedB* packed = in.Wrapped<PackedBits>(0, "packed", PackedBits::kTag)->matrix();
  if (!packed || packed->n != n_ || packed->k != k_) throw Napi::TypeError::New(info.Env(), "packed holds other signs");
  const uint8_t* a = in.Codes(1, "a", m_ * bgemm::RowBytes(k_));
  binary_->Run(*packed, a, in.Elements<int32_t>(2, "y", m_ * n_), pool);
  return info.Env().Undefined();
}

Napi::Value PreparedBinary::Dispose(const Napi::CallbackInfo& info) {
  binary_.reset();
  engine_.Reset();
  return info.Env().Undefined();
}

}  // namespace halftone
