// What every CPU of the architecture can do; on ARM that includes NEON.
#define HALFTONE_LOOPS kScalarLoops
#define HALFTONE_VECTOR 16
#include "loops.inc"
