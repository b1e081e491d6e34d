#include "memory.h"

#include <stdlib.h>

#include <memory>

#include "../base/buffer.h"
#include "arguments.h"

namespace halftone {
namespace {

constexpr int64_t kMostBytes = int64_t{1} << 48;

}  // namespace

// (bytes): an ArrayBuffer that is aligned for vectors, and of huge pages where it is large.
Napi::Value Allocate(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  const size_t bytes = static_cast<size_t>(in.Integer(0, "bytes", 1, kMostBytes));
  std::unique_ptr<Buffer> buffer(new Buffer());
  void* data = buffer->Reserve(bytes);
  if (!data) throw Napi::RangeError::New(info.Env(), "there is no memory for " + std::to_string(bytes) + " bytes");
  napi_value result;
  const auto free = [](napi_env, void*, void* hint) { delete static_cast<Buffer*>(hint); };
  if (napi_create_external_arraybuffer(info.Env(), data, bytes, free, buffer.get(), &result) != napi_ok)
    throw Napi::RangeError::New(info.Env(), "this runtime takes no memory from outside");
  buffer.release();
  return Napi::Value(info.Env(), result);
}

// (buffer): gives back what Allocate gave; the buffer has no bytes any more.
Napi::Value Release(const Napi::CallbackInfo& info) {
  if (!info[0].IsArrayBuffer()) throw Napi::TypeError::New(info.Env(), "buffer is no ArrayBuffer");
  napi_detach_arraybuffer(info.Env(), info[0]);
  return info.Env().Undefined();
}

}  // namespace halftone
