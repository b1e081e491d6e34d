// Packed weights and prepared products as JavaScript holds them.
#pragma once

#include <napi.h>

#include <memory>

#include "../qgemm/gemm.h"

namespace halftone {

class Arguments;

// Operands from `place` on: bias, multiplier, zero point, lowest and highest code.
qgemm::WayOut ReadWayOut(const Arguments& in, size_t place, qgemm::Output output, size_t n, bool multiplier_per_column);

class PackedMatrix : public Napi::ObjectWrap<PackedMatrix> {
 public:
  static constexpr napi_type_tag kTag = {0x68616c66746f6e65, 0x7061636b65640001};
  static Napi::Function Define(Napi::Env env);

  // (engine, codes, n, k, transposed)
  explicit PackedMatrix(const Napi::CallbackInfo& info);

  // Null after dispose().
  const qgemm::PackedB* matrix() const { return matrix_.get(); }

 private:
  Napi::Value ByteLength(const Napi::CallbackInfo& info);
  // (codes, signed): other codes of the same shape.
  Napi::Value Fill(const Napi::CallbackInfo& info);
  Napi::Value Dispose(const Napi::CallbackInfo& info);
  void PackFrom(const Napi::CallbackInfo& info, const uint8_t* codes);

  std::unique_ptr<qgemm::PackedB> matrix_;
  qgemm::Layout layout_ = qgemm::Layout::kPairs;
  size_t n_ = 0, k_ = 0;
  bool signed_ = false, transposed_ = false;
};

class PreparedProduct : public Napi::ObjectWrap<PreparedProduct> {
 public:
  static Napi::Function Define(Napi::Env env);

  // (engine, m, n, k, aSigned, bSigned, output, zeroPerColumn, multiplierPerColumn); output 0 int32, 1 uint8, 2 int8, 3 float32
  explicit PreparedProduct(const Napi::CallbackInfo& info);

 private:
  Napi::Value Variant(const Napi::CallbackInfo& info);
  // (packed, a, aZeroPoint, bZeroPoint, bias, multiplier, zeroPoint, lo, hi, y, index); index: which of stacked products.
  Napi::Value Run(const Napi::CallbackInfo& info);
  Napi::Value Dispose(const Napi::CallbackInfo& info);

  std::unique_ptr<qgemm::Gemm> gemm_;
  qgemm::Shape shape_ = {};
  Napi::ObjectReference engine_;
};

}  // namespace halftone
