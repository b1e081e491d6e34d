// What the programs of this folder share.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <vector>

#include "../arch/cpu.h"

namespace halftone {

std::vector<uint8_t> RandomCodes(size_t count);

// Times the layers of networks whose names hold this on a tier, next to the peak of its unit.
void TimeLayers(const char* tier, Tier unit, unsigned threads, const char* network);

}  // namespace halftone
