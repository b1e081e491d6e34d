// Weights in blocks and their products as JavaScript holds them.
#pragma once

#include <napi.h>

#include <memory>

#include "../blockgemm/gemm.h"

namespace halftone {

class PackedBlocks : public Napi::ObjectWrap<PackedBlocks> {
 public:
  static constexpr napi_type_tag kTag = {0x68616c66746f6e65, 0x626c6f636b730001};
  static Napi::Function Define(Napi::Env env);

  // (codes, scale, zeroPoint, n, k, block, bits, rows, signed)
  explicit PackedBlocks(const Napi::CallbackInfo& info);

  // Null after dispose().
  const std::shared_ptr<blockgemm::PackedBlocks>& blocks() const { return blocks_; }

 private:
  Napi::Value ByteLength(const Napi::CallbackInfo& info);
  // (codes, scale, zeroPoint): other weights of the same shape.
  Napi::Value Fill(const Napi::CallbackInfo& info);
  Napi::Value Dispose(const Napi::CallbackInfo& info);
  void PackFrom(const Napi::CallbackInfo& info);

  // Programs keep it, too.
  std::shared_ptr<blockgemm::PackedBlocks> blocks_;
  blockgemm::Weights shape_ = {};
};

class PreparedBlockGemm : public Napi::ObjectWrap<PreparedBlockGemm> {
 public:
  static Napi::Function Define(Napi::Env env);

  // (engine, m, n, k, block, bits, computation); computation 0 int8-block, 1 dequant-f32, 2 bf16
  explicit PreparedBlockGemm(const Napi::CallbackInfo& info);

 private:
  Napi::Value Variant(const Napi::CallbackInfo& info);
  // (packed, a, bias, y)
  Napi::Value Run(const Napi::CallbackInfo& info);
  Napi::Value Dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<blockgemm::Gemm> gemm_;
  blockgemm::Shape shape_ = {};
  Napi::ObjectReference engine_;
};

}  // namespace halftone
