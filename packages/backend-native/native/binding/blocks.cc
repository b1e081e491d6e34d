#include "blocks.h"

#include "call.h"

namespace halftone {
namespace {

size_t BlockOf(const Arguments& in, size_t place) {
  const size_t block = static_cast<size_t>(in.Integer(place, "block", 16, 256));
  if (block & (block - 1)) throw Napi::RangeError::New(in.env(), "block is no power of two");
  return block;
}

size_t BitsOf(const Arguments& in, size_t place) {
  const size_t bits = static_cast<size_t>(in.Integer(place, "bits", 4, 8));
  if (bits != 4 && bits != 8) throw Napi::RangeError::New(in.env(), "bits is 4 or 8");
  return bits;
}

}  // namespace

Napi::Function PackedBlocks::Define(Napi::Env env) {
  return DefineClass(env, "PackedBlocks",
                     {InstanceAccessor<&PackedBlocks::ByteLength>("byteLength"),
                      InstanceMethod<&PackedBlocks::Fill>("fill"), InstanceMethod<&PackedBlocks::Dispose>("dispose")});
}

PackedBlocks::PackedBlocks(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PackedBlocks>(info) {
  const Arguments in(info);
  shape_.n = in.Size(3, "n");
  shape_.k = in.Size(4, "k");
  shape_.block = BlockOf(in, 5);
  shape_.bits = BitsOf(in, 6);
  shape_.rows = in.Flag(7, "rows");
  shape_.is_signed = in.Flag(8, "signed");
  if (shape_.is_signed && !shape_.rows) throw Napi::RangeError::New(info.Env(), "packed codes are unsigned");
  in.Product(shape_.n + 2 * blockgemm::kPair, shape_.k + 2 * shape_.block);
  blocks_.reset(new blockgemm::PackedBlocks());
  PackFrom(info);
  napi_type_tag_object(info.Env(), info.This(), &kTag);
}

void PackedBlocks::PackFrom(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  const auto& [n, k, block, bits] = std::tie(shape_.n, shape_.k, shape_.block, shape_.bits);
  const size_t blocks = (k + block - 1) / block;
  blockgemm::Weights weights = shape_;
  weights.codes = in.Codes(0, "codes", shape_.rows ? k * n : in.Product(n, blocks * block) / 8 * bits);
  weights.scale = in.Elements<float>(1, "scale", blocks * n);
  weights.zero = in.Codes(2, "zeroPoint", shape_.rows ? blocks * n : in.Product(n, (blocks * bits + 7) / 8));
  if (blockgemm::Pack(blocks_.get(), weights)) return;
  blocks_.reset();
  throw Napi::RangeError::New(info.Env(), "there is no memory for packed weights");
}

Napi::Value PackedBlocks::ByteLength(const Napi::CallbackInfo& info) {
  const double bytes = blocks_ ? static_cast<double>(blocks_->records.size() + blocks_->zeros.size()) : 0;
  return Napi::Number::New(info.Env(), bytes);
}

Napi::Value PackedBlocks::Fill(const Napi::CallbackInfo& info) {
  if (!blocks_) throw Napi::Error::New(info.Env(), "the packed weights were disposed");
  PackFrom(info);
  return info.Env().Undefined();
}

Napi::Value PackedBlocks::Dispose(const Napi::CallbackInfo& info) {
  blocks_.reset();
  return info.Env().Undefined();
}

Napi::Function PreparedBlockGemm::Define(Napi::Env env) {
  return DefineClass(env, "PreparedBlockGemm",
                     {InstanceAccessor<&PreparedBlockGemm::Variant>("variant"),
                      InstanceMethod<&PreparedBlockGemm::Run>("run"),
                      InstanceMethod<&PreparedBlockGemm::Dispose>("dispose")});
}

PreparedBlockGemm::PreparedBlockGemm(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PreparedBlockGemm>(info) {
  const Arguments in(info);
  const Engine* engine = in.Wrapped<Engine>(0, "engine", Engine::kTag);
  if (!engine->pool()) throw Napi::Error::New(info.Env(), "the engine was closed");
  shape_.m = in.Size(1, "m");
  shape_.n = in.Size(2, "n");
  shape_.k = in.Size(3, "k");
  shape_.block = BlockOf(in, 4);
  shape_.bits = BitsOf(in, 5);
  shape_.computation = static_cast<blockgemm::Computation>(in.Integer(6, "computation", 0, 2));
  in.Product(in.Product(shape_.m, shape_.n), sizeof(float));
  in.Product(in.Product(shape_.m + blockgemm::kRowBlock, shape_.k + shape_.block), sizeof(float));
  gemm_ = blockgemm::Gemm::Make(shape_, engine->tiers(), engine->pool()->threads());
  if (!gemm_) throw Napi::RangeError::New(info.Env(), "there is no memory for this product");
  engine_ = Napi::Persistent(info[0].As<Napi::Object>());
}

Napi::Value PreparedBlockGemm::Variant(const Napi::CallbackInfo& info) {
  return gemm_ ? Napi::String::New(info.Env(), gemm_->kernel().name) : info.Env().Null();
}

Napi::Value PreparedBlockGemm::Run(const Napi::CallbackInfo& info) {
  const Call in(info, gemm_ ? Engine::Unwrap(engine_.Value()) : nullptr);
  const std::shared_ptr<blockgemm::PackedBlocks> packed = in.Wrapped<PackedBlocks>(0, "packed", PackedBlocks::kTag)->blocks();
  const auto& [m, n, k] = std::tie(shape_.m, shape_.n, shape_.k);
  if (!packed || packed->n != n || packed->k != k || packed->block != shape_.block || packed->bits != shape_.bits)
    throw Napi::TypeError::New(info.Env(), "packed holds other weights");
  const auto a = in.Operand<float>(1, "a", m * k);
  const auto bias = in.OptionalOperand<float>(2, "bias", n);
  const auto y = in.Result<float>(3, "y", m * n);
  return in.Do([=, gemm = gemm_](ThreadPool& pool) { gemm->Run(*packed, a.get(), bias.get(), y.get(), &pool); });
}

Napi::Value PreparedBlockGemm::Dispose(const Napi::CallbackInfo& info) {
  gemm_.reset();
  engine_.Reset();
  return info.Env().Undefined();
}

}  // namespace halftone
