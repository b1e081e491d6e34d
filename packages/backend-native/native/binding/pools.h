// Pools of codes as JavaScript calls them.
#pragma once

#include <napi.h>

namespace halftone {

// (engine, x, y, window, signed)
Napi::Value MaxPool(const Napi::CallbackInfo& info);

// (engine, x, xZeroPoint, multiplier, y, window, zeroPoint, lo, hi, countBorder)
Napi::Value AveragePool(const Napi::CallbackInfo& info);

}  // namespace halftone
