// A search for the first elements of lines as JavaScript holds it.
#pragma once

#include <napi.h>

#include <vector>

#include "../base/buffer.h"
#include "../loops/top-k.h"

namespace halftone {

class PreparedTopK : public Napi::ObjectWrap<PreparedTopK> {
 public:
  static Napi::Function Define(Napi::Env env);

  // (engine, outer, extent, inner, k, largest, kind); kind 0 uint8, 1 int8, 2 int32, 3 float32
  explicit PreparedTopK(const Napi::CallbackInfo& info);

 private:
  // (x, values, indices)
  Napi::Value Run(const Napi::CallbackInfo& info);
  Napi::Value Dispose(const Napi::CallbackInfo& info);
  void* Elements(const class Arguments& in, size_t place, const char* name, size_t count) const;

  TopKShape shape_ = {};
  unsigned threads_ = 1;
  // Of each thread.
  std::vector<Buffer> kept_;
  Napi::ObjectReference engine_;
};

}  // namespace halftone
