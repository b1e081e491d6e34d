// Elements at other places, as JavaScript asks for them.
#pragma once

#include <napi.h>

namespace halftone {

// (engine, x, y, axes: Int32Array of [extent, stride]... from the outermost axis of y on)
Napi::Value Transpose(const Napi::CallbackInfo& info);

}  // namespace halftone
