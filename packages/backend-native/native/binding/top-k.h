// A search for the first elements of lines as JavaScript holds it.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "../base/buffer.h"
#include "../base/sharing.h"
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
  // What a run needs; programs keep it, too.
  struct Search {
    TopKShape shape;
    Sharing sharing;
    // Of each thread.
    std::vector<Buffer> kept;
  };

  std::shared_ptr<Search> search_;
  Napi::ObjectReference engine_;
};

}  // namespace halftone
