#include "top-k.h"

#include "arguments.h"
#include "engine.h"

namespace halftone {
namespace {

// Elements that are worth another thread.
constexpr size_t kWorthThreads = size_t{1} << 18;

}  // namespace

Napi::Function PreparedTopK::Define(Napi::Env env) {
  return DefineClass(env, "PreparedTopK",
                     {InstanceMethod<&PreparedTopK::Run>("run"), InstanceMethod<&PreparedTopK::Dispose>("dispose")});
}

PreparedTopK::PreparedTopK(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PreparedTopK>(info) {
  const Arguments in(info);
  const Engine* engine = in.Wrapped<Engine>(0, "engine", Engine::kTag);
  if (!engine->pool()) throw Napi::Error::New(info.Env(), "the engine was closed");
  shape_.outer = in.Size(1, "outer");
  shape_.extent = static_cast<size_t>(in.Integer(2, "extent", 0, 0x7fffffff));
  shape_.inner = in.Size(3, "inner");
  shape_.k = static_cast<size_t>(in.Integer(4, "k", 0, static_cast<int64_t>(shape_.extent)));
  shape_.largest = in.Flag(5, "largest");
  shape_.kind = static_cast<ElementKind>(in.Integer(6, "kind", 0, 3));
  size_t elements, bytes;
  if (!CheckedMultiply(shape_.outer, shape_.inner, &elements) || !CheckedMultiply(elements, shape_.extent, &elements) ||
      !CheckedMultiply(elements, sizeof(int32_t), &bytes))
    throw Napi::RangeError::New(info.Env(), "the tensor has too many elements");
  threads_ = elements < kWorthThreads ? 1 : engine->pool()->threads();
  kept_ = std::vector<Buffer>(threads_);
  for (Buffer& kept : kept_)
    if (!kept.ReserveOf<int64_t>(shape_.k)) throw Napi::RangeError::New(info.Env(), "there is no memory for this search");
  engine_ = Napi::Persistent(info[0].As<Napi::Object>());
}

void* PreparedTopK::Elements(const Arguments& in, size_t place, const char* name, size_t count) const {
  if (shape_.kind == ElementKind::kInt32) return in.Elements<int32_t>(place, name, count);
  if (shape_.kind == ElementKind::kFloat32) return in.Elements<float>(place, name, count);
  return in.Codes(place, name, count);
}

Napi::Value PreparedTopK::Run(const Napi::CallbackInfo& info) {
  const Arguments in(info);
  const Engine* engine = engine_.IsEmpty() ? nullptr : Engine::Unwrap(engine_.Value());
  if (!engine || !engine->pool()) throw Napi::Error::New(info.Env(), "the search was disposed, or its engine closed");
  const size_t lines = shape_.lines();
  const void* x = Elements(in, 0, "x", lines * shape_.extent);
  void* values = Elements(in, 1, "values", lines * shape_.k);
  int32_t* indices = in.Elements<int32_t>(2, "indices", lines * shape_.k);
  engine->pool()->Run(threads_, [&](unsigned thread, unsigned threads) {
    TopK(shape_, engine->loops(), x, values, indices, static_cast<int64_t*>(kept_[thread].data()), lines * thread / threads,
         lines * (thread + 1) / threads);
  });
  return info.Env().Undefined();
}

Napi::Value PreparedTopK::Dispose(const Napi::CallbackInfo& info) {
  kept_.clear();
  engine_.Reset();
  return info.Env().Undefined();
}

}  // namespace halftone
