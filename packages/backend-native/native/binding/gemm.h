// Packed weights and prepared products as JavaScript holds them.
#pragma once

#include <napi.h>

#include <memory>

#include "../qgemm/gemm.h"
#include "call.h"

namespace halftone {

// The way out of sums, as a call finds it: see qgemm::WayOut.
struct WayOutPlaces {
  Place<int32_t> bias;
  Place<float> float_bias, multiplier;
  Zero zero;
  int32_t lo, hi;

  // Operands from `place` on: bias, multiplier, zero point, lowest and highest code.
  WayOutPlaces(const Call& in, size_t place, qgemm::Output output, size_t n, bool multiplier_per_column);
  qgemm::WayOut get() const;
};

// Elements of a result, from `index` times `count` on, of the type that the way out gives.
Place<uint8_t> ResultPlace(const Call& in, size_t place, qgemm::Output output, size_t index, size_t count);

class PackedMatrix : public Napi::ObjectWrap<PackedMatrix> {
 public:
  static constexpr napi_type_tag kTag = {0x68616c66746f6e65, 0x7061636b65640001};
  static Napi::Function Define(Napi::Env env);

  // (engine, codes, n, k, transposed)
  explicit PackedMatrix(const Napi::CallbackInfo& info);

  // Null after dispose().
  const std::shared_ptr<qgemm::PackedB>& matrix() const { return matrix_; }

 private:
  Napi::Value ByteLength(const Napi::CallbackInfo& info);
  // (codes, signed): other codes of the same shape.
  Napi::Value Fill(const Napi::CallbackInfo& info);
  Napi::Value Dispose(const Napi::CallbackInfo& info);

  // Programs keep it, too.
  std::shared_ptr<qgemm::PackedB> matrix_;
  Napi::ObjectReference engine_;
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

  std::shared_ptr<qgemm::Gemm> gemm_;
  qgemm::Shape shape_ = {};
  Napi::ObjectReference engine_;
};

}  // namespace halftone
