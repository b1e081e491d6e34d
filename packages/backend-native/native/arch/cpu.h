// What the CPU and the operating system allow, found once.
#pragma once

#include <stdint.h>

namespace halftone {

// Kernel tiers, each a bit of a set. On one architecture a later one is the better.
enum Tier : uint32_t {
  kScalar = 1u << 0,
  kAvx2 = 1u << 1,
  kAvxVnni = 1u << 2,
  kAvx512Vnni = 1u << 3,
  kAmx = 1u << 4,
  kNeon = 1u << 5,
  kDotProd = 1u << 6,
  // No tier of its own: byte permutations, which most CPUs with AVX512-VNNI have and some have not.
  kVbmi = 1u << 16,
  // The same of counts of bits in lanes of 32 and 64.
  kVpopcnt = 1u << 17,
  // Products of bfloat16 in tiles, roundings to it in vectors, and fused multiply-add beside AVX2.
  kAmxBf16 = 1u << 18,
  kAvx512Bf16 = 1u << 19,
  kFma = 1u << 20,
};

// What of a set are tiers.
constexpr uint32_t kAllTiers = kVbmi - 1;

// The tiers that run here. AMX is asked for at the operating system the first time.
uint32_t AvailableTiers();

// Those of `tiers` up to and including the one of this name. 0 for an unknown name, or one that does not run here.
uint32_t CapTiers(uint32_t tiers, const char* name);

// The name of the best tier of a set: `amx`.
const char* BestTierName(uint32_t tiers);

}  // namespace halftone
