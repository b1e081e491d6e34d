#pragma once

#include <napi.h>

namespace halftone {

Napi::Value Allocate(const Napi::CallbackInfo& info);
Napi::Value Release(const Napi::CallbackInfo& info);

}  // namespace halftone
