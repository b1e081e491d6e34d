#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma GCC push_options
#pragma GCC target("avx2")
#define HALFTONE_LOOPS kAvx2Loops
#include "x86_places256.inc"
#include "x86_sum256.inc"
#define HALFTONE_VECTOR 32
#include "loops.inc"
#pragma GCC pop_options
#endif
