#include <napi.h>

#include "../arch/cpu.h"
#include "binary.h"
#include "blocks.h"
#include "conv.h"
#include "engine.h"
#include "forms.h"
#include "gemm.h"
#include "memory.h"
#include "move.h"
#include "pools.h"
#include "program.h"
#include "top-k.h"

namespace halftone {
namespace {

// The names of all tiers that run here, the best one last.
Napi::Value Isas(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  const uint32_t tiers = AvailableTiers() & kAllTiers;
  for (uint32_t bit = 1; bit <= tiers; bit <<= 1)
    if (tiers & bit) names.Set(names.Length(), BestTierName(bit));
  return names;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Engine", Engine::Define(env));
  exports.Set("PackedMatrix", PackedMatrix::Define(env));
  exports.Set("PreparedProduct", PreparedProduct::Define(env));
  exports.Set("PackedBits", PackedBits::Define(env));
  exports.Set("PreparedBinary", PreparedBinary::Define(env));
  exports.Set("PreparedTopK", PreparedTopK::Define(env));
  exports.Set("PackedBlocks", PackedBlocks::Define(env));
  exports.Set("PreparedBlockGemm", PreparedBlockGemm::Define(env));
  exports.Set("PackedFilters", PackedFilters::Define(env));
  exports.Set("PreparedConv", PreparedConv::Define(env));
  exports.Set("Program", Program::Define(env));
  exports.Set("transpose", Napi::Function::New<Transpose>(env, "transpose"));
  exports.Set("maxPool", Napi::Function::New<MaxPool>(env, "maxPool"));
  exports.Set("averagePool", Napi::Function::New<AveragePool>(env, "averagePool"));
  exports.Set("quantizeForm", Napi::Function::New<QuantizeForm>(env, "quantizeForm"));
  exports.Set("dequantizeForm", Napi::Function::New<DequantizeForm>(env, "dequantizeForm"));
  exports.Set("requantizeFixed", Napi::Function::New<RequantizeFixed>(env, "requantizeFixed"));
  exports.Set("qsoftmax", Napi::Function::New<QSoftmax>(env, "qsoftmax"));
  exports.Set("allocate", Napi::Function::New<Allocate>(env, "allocate"));
  exports.Set("release", Napi::Function::New<Release>(env, "release"));
  exports.Set("isas", Napi::Function::New<Isas>(env, "isas"));
  return exports;
}

}  // namespace

NODE_API_MODULE(halftone_native, Init)

}  // namespace halftone
