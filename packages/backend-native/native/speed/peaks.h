// What the units of this CPU give at most: loops over registers alone, on random codes.
#pragma once

#include "../arch/cpu.h"

namespace halftone {

// Multiplications and additions a second of the unit that a tier's products use, measured for so long; 0 where the tier is
// not one of the CPU's, or has no loop here.
double PeakOf(Tier tier, double seconds);

// Seconds on a clock that only goes forward.
double Now();

}  // namespace halftone
