import { type Handles, type HostIO, type PackedWeights } from '@halftone/core';
import type { Device, Surface } from '../device.ts';
import type { Texture } from '../kernels.ts';

/** B and its zero points on the GPU, and its tiles once a kernel wanted them. */
export class PackedB implements PackedWeights {
  readonly layout = 'texels';
  readonly byteLength: number;
  readonly surfaces: Handles<Surface>;
  readonly #device: Device;
  #tiles: Texture | undefined;

  constructor(device: Device, surfaces: Handles<Surface>) {
    this.#device = device;
    this.surfaces = surfaces;
    this.byteLength = Object.values(surfaces).reduce(
      (bytes, { layout: { width, height } }) => bytes + width * height * 16,
      0,
    );
  }

  async tiles(make: () => Promise<Texture>): Promise<Texture> {
    return (this.#tiles ??= await make());
  }

  dispose(): void {
    for (const surface of Object.values(this.surfaces)) this.#device.free(surface);
    this.#device.timeline.enqueue(() => this.#tiles?.delete());
  }
}

/** Uploads B and its zero points. */
export function packedB(device: Device, weights: HostIO): PackedB {
  const surfaces: Record<string, Surface> = {};
  for (const [name, tensor] of Object.entries(weights)) {
    const surface = device.surface(tensor);
    device.write(surface, tensor);
    surfaces[name] = surface;
  }
  return new PackedB(device, surfaces);
}
