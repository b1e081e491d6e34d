#include "cpu.h"

#include <string.h>

#if defined(__x86_64__) || defined(_M_X64)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace halftone {
namespace {

struct NamedTier {
  const char* name;
  Tier tier;
};

constexpr NamedTier kTiers[] = {
    {"scalar", kScalar}, {"avx2", kAvx2}, {"avxvnni", kAvxVnni}, {"avx512vnni", kAvx512Vnni},
    {"amx", kAmx},       {"neon", kNeon}, {"dotprod", kDotProd},
};

#if defined(__x86_64__)

struct Registers {
  uint32_t eax, ebx, ecx, edx;
};

Registers Cpuid(uint32_t leaf, uint32_t subleaf) {
  Registers r = {0, 0, 0, 0};
  __get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx);
  return r;
}

uint64_t EnabledState() {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t{high} << 32) | low;
}

// Linux gives a process tile registers only when it asks (arch_prctl ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA).
bool RequestTiles() {
#if defined(__linux__)
  return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
#else
  return false;
#endif
}

uint32_t Detect() {
  uint32_t tiers = kScalar;
  const Registers one = Cpuid(1, 0);
  const bool osxsave = one.ecx & (1u << 27);
  if (!osxsave) return tiers;
  const uint64_t state = EnabledState();
  const bool ymm = (state & 0x6) == 0x6;
  const bool zmm = (state & 0xe6) == 0xe6;
  const bool tiles = (state & 0x60000) == 0x60000;
  const Registers seven = Cpuid(7, 0);
  const Registers more = Cpuid(7, 1);
  const bool avx2 = ymm && (seven.ebx & (1u << 5));
  if (!avx2) return tiers;
  tiers |= kAvx2;
  if (one.ecx & (1u << 12)) tiers |= kFma;
  if (more.eax & (1u << 4)) tiers |= kAvxVnni;
  const uint32_t foundation = (1u << 16) | (1u << 17) | (1u << 30) | (1u << 31);  // F, DQ, BW, VL
  const bool avx512 = zmm && (seven.ebx & foundation) == foundation && (seven.ecx & (1u << 11));
  if (!avx512) return tiers;
  tiers |= kAvx512Vnni;
  if (seven.ecx & (1u << 1)) tiers |= kVbmi;
  if (seven.ecx & (1u << 14)) tiers |= kVpopcnt;
  if (more.eax & (1u << 5)) tiers |= kAvx512Bf16;
  const bool amx = tiles && (seven.edx & (1u << 24)) && (seven.edx & (1u << 25));
  if (!amx || !RequestTiles()) return tiers;
  tiers |= kAmx;
  if (seven.edx & (1u << 22)) tiers |= kAmxBf16;
  return tiers;
}

#elif defined(__aarch64__)

uint32_t Detect() {
  uint32_t tiers = kScalar | kNeon;
#if defined(__linux__)
  if (getauxval(AT_HWCAP) & (1u << 20)) tiers |= kDotProd;  // HWCAP_ASIMDDP
#elif defined(__APPLE__)
  tiers |= kDotProd;
#endif
  return tiers;
}

#else

uint32_t Detect() { return kScalar; }

#endif

}  // namespace

uint32_t AvailableTiers() {
  static const uint32_t tiers = Detect();
  return tiers;
}

uint32_t CapTiers(uint32_t tiers, const char* name) {
  for (const NamedTier& row : kTiers) {
    if (strcmp(row.name, name) != 0) continue;
    return tiers & row.tier ? tiers & (row.tier | (row.tier - 1) | ~kAllTiers) : 0;
  }
  return 0;
}

const char* BestTierName(uint32_t tiers) {
  const char* best = kTiers[0].name;
  for (const NamedTier& row : kTiers)
    if (tiers & row.tier) best = row.name;
  return best;
}

}  // namespace halftone
