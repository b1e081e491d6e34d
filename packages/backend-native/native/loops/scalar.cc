// What every CPU of the architecture can do; on ARM that includes NEON.
#define HALFTONE_LOOPS kScalarLoops
#include "loops.inc"
