#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2")
#define HALFTONE_LOOPS kAvx2Loops
#include "loops.inc"
#pragma GCC pop_options
#endif
