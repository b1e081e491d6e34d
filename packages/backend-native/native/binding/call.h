// A call that computes: done at once, or recorded while a program is made.
#pragma once

#include "../arch/float-environment.h"
#include "arguments.h"
#include "engine.h"
#include "recorder.h"

namespace halftone {

// A zero point: a code, signed where its array is; 0 without.
class Zero {
 public:
  Zero() = default;
  Zero(Place<uint8_t> code, bool is_signed) : code_(code), signed_(is_signed) {}
  int32_t get() const {
    if (!code_) return 0;
    return signed_ ? static_cast<int8_t>(*code_.get()) : *code_.get();
  }

 private:
  Place<uint8_t> code_;
  bool signed_ = false;
};

class Call : public Arguments {
 public:
  // Throws where the engine was closed, or there is none any more.
  Call(const Napi::CallbackInfo& info, const Engine* engine) : Arguments(info) {
    if (!engine || !engine->pool()) throw Napi::Error::New(info.Env(), "this was disposed, or its engine closed");
    pool_ = engine->pool();
    recorder_ = engine->recorder();
  }

  // Whether it is recorded: operands are not there yet.
  bool records() const { return recorder_ != nullptr; }

  // As Elements and so on, of elements that the work finds when it is done. What is no memory of the program that is
  // recorded stays what it is now; a result must be memory of it.
  template <typename T>
  Place<T> Operand(size_t place, const char* name, size_t count) const {
    return Locate(Elements<T>(place, name, count), count * sizeof(T));
  }

  template <typename T>
  Place<T> Result(size_t place, const char* name, size_t count) const {
    return Required(Elements<T>(place, name, count), name, count * sizeof(T));
  }

  Place<uint8_t> OperandCodes(size_t place, const char* name, size_t count) const {
    return Locate(Codes(place, name, count), count);
  }

  Place<uint8_t> ResultCodes(size_t place, const char* name, size_t count) const {
    return Required(Codes(place, name, count), name, count);
  }

  Place<uint8_t> OperandAny(size_t place, const char* name, size_t count, size_t* element_bytes) const {
    void* data = Any(place, name, count, element_bytes);
    return Locate(static_cast<uint8_t*>(data), count * *element_bytes);
  }

  Place<uint8_t> ResultAny(size_t place, const char* name, size_t count, size_t* element_bytes) const {
    void* data = Any(place, name, count, element_bytes);
    return Required(static_cast<uint8_t*>(data), name, count * *element_bytes);
  }

  template <typename T>
  Place<T> OptionalOperand(size_t place, const char* name, size_t count) const {
    return IsNone(place) ? Place<T>() : Operand<T>(place, name, count);
  }

  Zero OperandZero(size_t place, const char* name) const {
    return IsNone(place) ? Zero() : Zero(OperandCodes(place, name, 1), IsSigned(place));
  }

  // work(ThreadPool&), now or in each run of the program. It keeps what it needs; it must not fail.
  template <typename F>
  Napi::Value Do(F work) const {
    if (recorder_) {
      recorder_->Add(std::move(work));
    } else {
      const FloatEnvironment environment;
      work(*pool_);
    }
    return env().Undefined();
  }

 private:
  template <typename T>
  Place<T> Locate(T* data, size_t bytes) const {
    if (!recorder_) return {nullptr, reinterpret_cast<uintptr_t>(data)};
    const uintptr_t* base;
    uintptr_t offset;
    if (recorder_->Find(data, bytes, &base, &offset)) return {base, offset};
    const void* copy = recorder_->Keep(data, bytes);
    if (!copy) throw Napi::RangeError::New(env(), "there is no memory for a copy of the operands");
    return {nullptr, reinterpret_cast<uintptr_t>(copy)};
  }

  template <typename T>
  Place<T> Required(T* data, const char* name, size_t bytes) const {
    const uintptr_t* base;
    uintptr_t offset;
    if (recorder_ && bytes > 0 && !recorder_->Find(data, bytes, &base, &offset))
      throw Napi::TypeError::New(env(), std::string(name) + " is no memory of the program that is recorded");
    return Locate(data, bytes);
  }

  ThreadPool* pool_;
  Recorder* recorder_;
};

// The engine that is the first argument of a function.
inline const Engine* EngineOf(const Napi::CallbackInfo& info) {
  return Arguments(info).Wrapped<Engine>(0, "engine", Engine::kTag);
}

}  // namespace halftone
