#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,prefer-vector-width=512")
#define HALFTONE_LOOPS kAvx512Loops
#include "x86_places512.inc"
#include "x86_sum512.inc"
#define HALFTONE_VECTOR 64
#include "loops.inc"
#pragma GCC pop_options
#endif
