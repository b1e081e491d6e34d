// Packed filters and prepared convolutions as JavaScript holds them.
#pragma once

#include <napi.h>

#include <memory>

#include "../qconv/conv.h"

namespace halftone {

class PackedFilters : public Napi::ObjectWrap<PackedFilters> {
 public:
  static constexpr napi_type_tag kTag = {0x68616c66746f6e65, 0x66696c7465720001};
  static Napi::Function Define(Napi::Env env);

  // (engine, codes, zeroPoints, window, outputs, groups, signed, zeroPerColumn, lasting)
  explicit PackedFilters(const Napi::CallbackInfo& info);

  // Null after dispose().
  const std::shared_ptr<qconv::Filters>& filters() const { return filters_; }

 private:
  Napi::Value ByteLength(const Napi::CallbackInfo& info);
  Napi::Value Dispose(const Napi::CallbackInfo& info);

  // Programs keep them, too.
  std::shared_ptr<qconv::Filters> filters_;
};

class PreparedConv : public Napi::ObjectWrap<PreparedConv> {
 public:
  static Napi::Function Define(Napi::Env env);

  // (engine, filters, xSigned, output, multiplierPerColumn); output 0 int32, 1 uint8, 2 int8, 3 float32
  explicit PreparedConv(const Napi::CallbackInfo& info);

 private:
  Napi::Value Variant(const Napi::CallbackInfo& info);
  // (filters, x, xZeroPoint, wZeroPoint, bias, multiplier, zeroPoint, lo, hi, y)
  Napi::Value Run(const Napi::CallbackInfo& info);
  Napi::Value Dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<qconv::Conv> conv_;
  qconv::ConvShape shape_ = {};
  Napi::ObjectReference engine_;
};

}  // namespace halftone
