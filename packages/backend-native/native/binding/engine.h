// What one backend holds: the tiers it may use, and its threads.
#pragma once

#include <napi.h>

#include <memory>

#include "../base/thread-pool.h"
#include "../loops/loops.h"
#include "recorder.h"

namespace halftone {

class Engine : public Napi::ObjectWrap<Engine> {
 public:
  static constexpr napi_type_tag kTag = {0x68616c66746f6e65, 0x656e67696e650001};
  static Napi::Function Define(Napi::Env env);

  // (isa: string, threads: number); '' allows every tier.
  explicit Engine(const Napi::CallbackInfo& info);

  uint32_t tiers() const { return tiers_; }
  const Loops& loops() const { return *loops_; }
  // Null after close().
  ThreadPool* pool() const { return pool_.get(); }
  // What calls are recorded into; null where they are done at once.
  Recorder* recorder() const { return recorder_.lock().get(); }
  void set_recorder(const std::shared_ptr<Recorder>& recorder) { recorder_ = recorder; }

 private:
  Napi::Value Isa(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);
  Napi::Value Quantize(const Napi::CallbackInfo& info);
  Napi::Value Dequantize(const Napi::CallbackInfo& info);
  Napi::Value Requantize(const Napi::CallbackInfo& info);
  Napi::Value Pairwise(const Napi::CallbackInfo& info);
  Napi::Value DynamicQuantize(const Napi::CallbackInfo& info);
  Napi::Value Lookup(const Napi::CallbackInfo& info);
  Napi::Value Im2col(const Napi::CallbackInfo& info);

  uint32_t tiers_ = 0;
  const Loops* loops_ = nullptr;
  std::unique_ptr<ThreadPool> pool_;
  std::weak_ptr<Recorder> recorder_;
};

}  // namespace halftone
