// Calls that were recorded once, as JavaScript holds them: one crossing does them all again.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "../base/buffer.h"
#include "recorder.h"

namespace halftone {

class Program : public Napi::ObjectWrap<Program> {
 public:
  static Napi::Function Define(Napi::Env env);

  // (engine, bytes): a program with so many bytes of its own.
  explicit Program(const Napi::CallbackInfo& info);

 private:
  struct Slot {
    napi_typedarray_type type;
    size_t length;
  };

  // An ArrayBuffer over the program's bytes, once; they live as long as either of them.
  Napi::Value Memory(const Napi::CallbackInfo& info);
  // (arrays): calls of the engine are recorded from here on. The arrays stand for those that each run brings.
  Napi::Value Record(const Napi::CallbackInfo& info);
  Napi::Value Finish(const Napi::CallbackInfo& info);
  // (arrays): does what was recorded, with these in the places of those. Gives the number of steps.
  Napi::Value Run(const Napi::CallbackInfo& info);
  Napi::Value Dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<Buffer> memory_;
  size_t bytes_ = 0;
  bool given_ = false;
  // While it is recorded; the engine looks for it here.
  std::shared_ptr<Recorder> recorder_;
  Recording recording_;
  std::vector<Slot> slots_;
  // Addresses of the arrays of a run; the first is that of the program's own bytes. Steps point to them.
  std::unique_ptr<uintptr_t[]> bases_;
  bool ready_ = false;
  Napi::ObjectReference engine_;
};

}  // namespace halftone
