// Forms of the ops over elements that are rarer than codes of bytes with parameters of channels: see forms.cc.
#pragma once

#include <napi.h>

namespace halftone {

Napi::Value QuantizeForm(const Napi::CallbackInfo& info);
Napi::Value DequantizeForm(const Napi::CallbackInfo& info);
Napi::Value RequantizeFixed(const Napi::CallbackInfo& info);
Napi::Value QSoftmax(const Napi::CallbackInfo& info);

}  // namespace halftone
