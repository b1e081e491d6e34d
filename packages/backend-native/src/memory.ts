import type { HostMemory } from '@halftone/core';
import type { Addon } from './native.ts';

/** Smaller tensors gain nothing from alignment, and memory of our own costs a microsecond. */
const LEAST_BYTES = 4096;

/** Memory that is aligned for vectors, and of huge pages where a tensor is large. */
export function memoryOf(addon: Addon): HostMemory {
  return {
    allocate: (bytes) => (bytes < LEAST_BYTES ? new ArrayBuffer(bytes) : addon.allocate(bytes)),
    free(buffer) {
      if (buffer.byteLength >= LEAST_BYTES) addon.release(buffer);
    },
  };
}
