#include "program.h"

#include "../arch/float-environment.h"
#include "arguments.h"
#include "engine.h"

namespace halftone {
namespace {

constexpr int64_t kMostBytes = int64_t{1} << 48;
constexpr uint32_t kMostArrays = 4096;

struct Elements {
  napi_typedarray_type type;
  size_t length;
  void* data;
};

// The arrays of a call, each with its type. Throws for anything else.
std::vector<Elements> ReadArrays(const Napi::CallbackInfo& info) {
  if (!info[0].IsArray()) throw Napi::TypeError::New(info.Env(), "arrays is no array");
  const Napi::Array given = info[0].As<Napi::Array>();
  const uint32_t count = given.Length();
  if (count > kMostArrays) throw Napi::RangeError::New(info.Env(), "there are too many arrays");
  std::vector<Elements> arrays(count);
  for (uint32_t i = 0; i < count; ++i) {
    const napi_value value = given.Get(i);
    Elements& array = arrays[i];
    if (napi_get_typedarray_info(info.Env(), value, &array.type, &array.length, &array.data, nullptr, nullptr) != napi_ok)
      throw Napi::TypeError::New(info.Env(), "arrays holds what is no typed array");
  }
  return arrays;
}

size_t BytesOf(napi_typedarray_type type) {
  switch (type) {
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array:
      return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      return 8;
    default:
      return 1;
  }
}

}  // namespace

Napi::Function Program::Define(Napi::Env env) {
  return DefineClass(env, "Program",
                     {InstanceMethod<&Program::Memory>("memory"), InstanceMethod<&Program::Record>("record"),
                      InstanceMethod<&Program::Finish>("finish"), InstanceMethod<&Program::Run>("run"),
                      InstanceMethod<&Program::Dispose>("dispose")});
}

Program::Program(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Program>(info) {
  const Arguments in(info);
  in.Wrapped<Engine>(0, "engine", Engine::kTag);
  bytes_ = static_cast<size_t>(in.Integer(1, "bytes", 1, kMostBytes));
  memory_ = std::make_shared<Buffer>();
  if (!memory_->Reserve(bytes_))
    throw Napi::RangeError::New(info.Env(), "there is no memory for " + std::to_string(bytes_) + " bytes");
  engine_ = Napi::Persistent(info[0].As<Napi::Object>());
}

Napi::Value Program::Memory(const Napi::CallbackInfo& info) {
  if (!memory_ || given_) throw Napi::Error::New(info.Env(), "the memory was given before, or the program disposed");
  std::unique_ptr<std::shared_ptr<Buffer>> held(new std::shared_ptr<Buffer>(memory_));
  napi_value result;
  const auto release = [](napi_env, void*, void* hint) { delete static_cast<std::shared_ptr<Buffer>*>(hint); };
  if (napi_create_external_arraybuffer(info.Env(), memory_->data(), bytes_, release, held.get(), &result) != napi_ok)
    throw Napi::RangeError::New(info.Env(), "this runtime takes no memory from outside");
  held.release();
  given_ = true;
  return Napi::Value(info.Env(), result);
}

Napi::Value Program::Record(const Napi::CallbackInfo& info) {
  Engine* engine = engine_.IsEmpty() ? nullptr : Engine::Unwrap(engine_.Value());
  if (!engine || recorder_ || ready_ || engine->recorder())
    throw Napi::Error::New(info.Env(), "another program is recorded, or this one was, or was disposed");
  const std::vector<Elements> arrays = ReadArrays(info);
  bases_.reset(new uintptr_t[arrays.size() + 1]);
  bases_[0] = reinterpret_cast<uintptr_t>(memory_->data());
  recorder_ = std::make_shared<Recorder>();
  recorder_->Allow(memory_->data(), bytes_, &bases_[0]);
  slots_.clear();
  for (const Elements& array : arrays) {
    slots_.push_back({array.type, array.length});
    recorder_->Allow(array.data, array.length * BytesOf(array.type), &bases_[slots_.size()]);
  }
  engine->set_recorder(recorder_);
  return info.Env().Undefined();
}

Napi::Value Program::Finish(const Napi::CallbackInfo& info) {
  if (!recorder_) throw Napi::Error::New(info.Env(), "nothing is recorded");
  recording_ = recorder_->Take();
  recorder_.reset();
  ready_ = true;
  return info.Env().Undefined();
}

Napi::Value Program::Run(const Napi::CallbackInfo& info) {
  ThreadPool* pool = engine_.IsEmpty() ? nullptr : Engine::Unwrap(engine_.Value())->pool();
  if (!ready_ || !pool) throw Napi::Error::New(info.Env(), "the program is not recorded or disposed, or its engine closed");
  const std::vector<Elements> arrays = ReadArrays(info);
  if (arrays.size() != slots_.size()) throw Napi::RangeError::New(info.Env(), "the program takes another number of arrays");
  for (size_t i = 0; i < arrays.size(); ++i) {
    if (arrays[i].type != slots_[i].type || arrays[i].length != slots_[i].length)
      throw Napi::TypeError::New(info.Env(), "an array has another type or length than the one recorded");
    bases_[i + 1] = reinterpret_cast<uintptr_t>(arrays[i].data);
  }
  const FloatEnvironment environment;
  for (const Recording::Step& step : recording_.steps) step(*pool);
  return Napi::Number::New(info.Env(), static_cast<double>(recording_.steps.size()));
}

Napi::Value Program::Dispose(const Napi::CallbackInfo& info) {
  recorder_.reset();
  ready_ = false;
  recording_ = {};
  memory_.reset();
  engine_.Reset();
  return info.Env().Undefined();
}

}  // namespace halftone
