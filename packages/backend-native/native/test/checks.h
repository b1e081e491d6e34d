// What the tests of kernels have in common.
#pragma once

#include <stdint.h>

#include <vector>

#include "../base/guard.h"

namespace halftone {

// What kernels are given ends where a page does; under a sanitizer, which knows more, where it says.
#if defined(HALFTONE_GUARD_PAGES)
template <typename T>
using Array = std::vector<T, GuardedAllocator<T>>;
#else
template <typename T>
using Array = std::vector<T>;
#endif

// Counts a check, and prints what was wrong.
void Check(bool right, const char* what, const char* tier, size_t m, size_t n, size_t k);

// Numbers that are the same in every run.
uint32_t Next();

// Codes with many ends of their range; exactly as long as they are, so that a read behind them is seen.
Array<uint8_t> Codes(size_t count);

inline int32_t Value(uint8_t code, bool is_signed) { return is_signed ? static_cast<int8_t>(code) : code; }

// Convolutions of many shapes on these tiers against plain loops.
void TestConvolutions(uint32_t tiers, const char* tier);

// Codes of 16 bits, multipliers in fixed point and softmax.
void TestForms(uint32_t tiers, const char* tier);

// Transpositions.
void TestMoves(uint32_t tiers, const char* tier);

// Products of signs, and searches for the first elements, on these tiers against plain loops.
void TestSearch(uint32_t tiers, const char* tier);

// Products by weights in blocks, of many shapes on these tiers, against plain loops.
void TestBlockProducts(uint32_t tiers, const char* tier);

// The pool of threads.
void TestThreads();

}  // namespace halftone
