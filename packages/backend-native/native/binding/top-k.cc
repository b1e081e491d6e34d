#include "top-k.h"

#include "call.h"

namespace halftone {
namespace {

// Elements of a nanosecond.
constexpr double kPerNanosecond = 5;

template <typename... A>
Place<uint8_t> OperandOf(const Call& in, ElementKind kind, A... a) {
  if (kind == ElementKind::kInt32) return in.Operand<int32_t>(a...).bytes();
  if (kind == ElementKind::kFloat32) return in.Operand<float>(a...).bytes();
  return in.OperandCodes(a...);
}

template <typename... A>
Place<uint8_t> ResultOf(const Call& in, ElementKind kind, A... a) {
  if (kind == ElementKind::kInt32) return in.Result<int32_t>(a...).bytes();
  if (kind == ElementKind::kFloat32) return in.Result<float>(a...).bytes();
  return in.ResultCodes(a...);
}

}  // namespace

Napi::Function PreparedTopK::Define(Napi::Env env) {
  return DefineClass(env, "PreparedTopK",
                     {InstanceMethod<&PreparedTopK::Run>("run"), InstanceMethod<&PreparedTopK::Dispose>("dispose")});
}

PreparedTopK::PreparedTopK(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PreparedTopK>(info) {
  const Arguments in(info);
  const Engine* engine = in.Wrapped<Engine>(0, "engine", Engine::kTag);
  if (!engine->pool()) throw Napi::Error::New(info.Env(), "the engine was closed");
  auto search = std::make_shared<Search>();
  TopKShape& shape = search->shape;
  shape.outer = in.Size(1, "outer");
  shape.extent = static_cast<size_t>(in.Integer(2, "extent", 0, 0x7fffffff));
  shape.inner = in.Size(3, "inner");
  shape.k = static_cast<size_t>(in.Integer(4, "k", 0, static_cast<int64_t>(shape.extent)));
  shape.largest = in.Flag(5, "largest");
  shape.kind = static_cast<ElementKind>(in.Integer(6, "kind", 0, 3));
  size_t elements, bytes;
  if (!CheckedMultiply(shape.outer, shape.inner, &elements) || !CheckedMultiply(elements, shape.extent, &elements) ||
      !CheckedMultiply(elements, sizeof(int32_t), &bytes))
    throw Napi::RangeError::New(info.Env(), "the tensor has too many elements");
  search->sharing = SharingOf(static_cast<double>(elements) / kPerNanosecond);
  search->kept = std::vector<Buffer>(search->sharing == Sharing::kNever ? 1 : engine->pool()->threads());
  for (Buffer& kept : search->kept)
    if (!kept.ReserveOf<int64_t>(shape.k)) throw Napi::RangeError::New(info.Env(), "there is no memory for this search");
  search_ = std::move(search);
  engine_ = Napi::Persistent(info[0].As<Napi::Object>());
}

Napi::Value PreparedTopK::Run(const Napi::CallbackInfo& info) {
  const Engine* engine = search_ ? Engine::Unwrap(engine_.Value()) : nullptr;
  const Call in(info, engine);
  const TopKShape& shape = search_->shape;
  const size_t lines = shape.lines();
  const auto x = OperandOf(in, shape.kind, 0, "x", lines * shape.extent);
  const auto values = ResultOf(in, shape.kind, 1, "values", lines * shape.k);
  const auto indices = in.Result<int32_t>(2, "indices", lines * shape.k);
  return in.Do([=, search = search_, loops = &engine->loops()](ThreadPool& pool) {
    pool.Run(ThreadsFor(search->sharing, pool), [&](unsigned thread, unsigned threads) {
      TopK(search->shape, *loops, x.get(), values.get(), indices.get(), static_cast<int64_t*>(search->kept[thread].data()),
           lines * thread / threads, lines * (thread + 1) / threads);
    });
  });
}

Napi::Value PreparedTopK::Dispose(const Napi::CallbackInfo& info) {
  search_.reset();
  engine_.Reset();
  return info.Env().Undefined();
}

}  // namespace halftone
