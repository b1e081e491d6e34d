// Packed rows of signs and prepared products of them as JavaScript holds them.
#pragma once

#include <napi.h>

#include <memory>

#include "../bgemm/binary.h"

namespace halftone {

class PackedBits : public Napi::ObjectWrap<PackedBits> {
 public:
  static constexpr napi_type_tag kTag = {0x68616c66746f6e65, 0x7061636b65640002};
  static Napi::Function Define(Napi::Env env);

  // (engine, bits, n, k): rows of k signs, each in whole bytes
  explicit PackedBits(const Napi::CallbackInfo& info);

  // Null after dispose().
  const std::shared_ptr<bgemm::PackedB>& matrix() const { return matrix_; }

 private:
  Napi::Value ByteLength(const Napi::CallbackInfo& info);
  // (bits): others of the same shape.
  Napi::Value Fill(const Napi::CallbackInfo& info);
  Napi::Value Dispose(const Napi::CallbackInfo& info);

  // Programs keep it, too.
  std::shared_ptr<bgemm::PackedB> matrix_;
  size_t n_ = 0, k_ = 0;
  Napi::ObjectReference engine_;
};

class PreparedBinary : public Napi::ObjectWrap<PreparedBinary> {
 public:
  static Napi::Function Define(Napi::Env env);

  // (engine, m, n, k)
  explicit PreparedBinary(const Napi::CallbackInfo& info);

 private:
  Napi::Value Variant(const Napi::CallbackInfo& info);
  // (packed, a, y)
  Napi::Value Run(const Napi::CallbackInfo& info);
  Napi::Value Dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<bgemm::Binary> binary_;
  size_t m_ = 0, n_ = 0, k_ = 0;
  Napi::ObjectReference engine_;
};

}  // namespace halftone
