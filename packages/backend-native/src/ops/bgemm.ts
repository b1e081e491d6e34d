// y[i, j] = k - 2 * popcount(a[i] xor b[j]): the dot product of two rows of signs, a bit each, 1 for -1
import type { BgemmSpec, HostIO, HostKernel, PreparedHostOp } from '@halftone/core';
import type { Addon, Engine, PackedBits } from '../native.ts';
import { codes, nativeOf, NativeWeights, requireFixed } from './shared.ts';

const LAYOUT = 'panels of 16 columns of 32 signs';

class Product implements HostKernel {
  readonly variant: string;
  readonly #product: InstanceType<Addon['PreparedBinary']>;
  readonly #packed: PackedBits | undefined;
  readonly #pack: (bits: Uint8Array) => PackedBits;
  /** Rows that come with each run are packed anew into these. */
  #own: PackedBits | undefined;

  constructor(addon: Addon, engine: Engine, { m, n, k }: BgemmSpec, packed: PackedBits | undefined) {
    this.#packed = packed;
    this.#pack = (bits) => new addon.PackedBits(engine, bits, n, k);
    this.#product = new addon.PreparedBinary(engine, m, n, k);
    this.variant = this.#product.variant;
  }

  run(io: HostIO): void {
    const packed = this.#packed ?? this.#fill(codes(io, 'b') as Uint8Array);
    this.#product.run(packed, codes(io, 'a'), io['y']!.data as Int32Array);
  }

  dispose(): void {
    this.#product.dispose();
    this.#own?.dispose();
  }

  #fill(bits: Uint8Array): PackedBits {
    this.#own ??= this.#pack(bits);
    // Also the first time: where calls are recorded, this is what packs in each run.
    this.#own.fill(bits);
    return this.#own;
  }
}

/** Products of signs. */
export function bgemm(addon: Addon, engine: Engine): PreparedHostOp<BgemmSpec> {
  return {
    pack({ n, k }, weights: HostIO) {
      requireFixed('bgemm', 'b', weights['b']!);
      return new NativeWeights(LAYOUT, new addon.PackedBits(engine, codes(weights, 'b') as Uint8Array, n, k));
    },
    prepare(spec, packed) {
      return new Product(addon, engine, spec, nativeOf<PackedBits>('bgemm', LAYOUT, packed));
    },
  };
}
