// y[i, j] = sum over k of a[i, k] * (code[k, j] - zeroPoint[t, j]) * scale[t, j] + bias[j], t = floor(k / block)
import type { BlockGemmSpec, HostIO, HostKernel, PreparedHostOp } from '@halftone/core';
import type { Addon, Engine, PackedBlocks } from '../native.ts';
import { codes, floats, nativeOf, NativeWeights, requireFixed } from './shared.ts';

const LAYOUT = 'blocks in panels of 16 columns';

const computations = { 'int8-block': 0, 'dequant-f32': 1, bf16: 2 } as const;

function bitsOf({ b }: BlockGemmSpec): 4 | 8 {
  return b === 'int4' || b === 'uint4' ? 4 : 8;
}

export function blockGemm(addon: Addon, engine: Engine): PreparedHostOp<BlockGemmSpec> {
  const packNow = (spec: BlockGemmSpec, io: HostIO): PackedBlocks =>
    new addon.PackedBlocks(
      codes(io, 'b'),
      floats(io, 'scale'),
      codes(io, 'zeroPoint'),
      spec.n,
      spec.k,
      spec.block,
      bitsOf(spec),
      spec.layout === 'rows',
      spec.b === 'int4' || spec.b === 'int8',
    );
  return {
    pack(spec, weights) {
      for (const name of ['b', 'scale', 'zeroPoint']) requireFixed('blockGemm', name, weights[name]!);
      return new NativeWeights(LAYOUT, packNow(spec, weights));
    },
    prepare(spec, packed) {
      const native = nativeOf<PackedBlocks>('blockGemm', LAYOUT, packed);
      return new Product(addon, engine, spec, native, packNow);
    },
  };
}

class Product implements HostKernel {
  readonly variant: string;
  readonly #spec: BlockGemmSpec;
  readonly #product: InstanceType<Addon['PreparedBlockGemm']>;
  readonly #packed: PackedBlocks | undefined;
  readonly #packNow: (spec: BlockGemmSpec, io: HostIO) => PackedBlocks;
  /** Weights that come with each run are packed anew into these. */
  #own: PackedBlocks | undefined;

  constructor(
    addon: Addon,
    engine: Engine,
    spec: BlockGemmSpec,
    packed: PackedBlocks | undefined,
    packNow: (spec: BlockGemmSpec, io: HostIO) => PackedBlocks,
  ) {
    this.#spec = spec;
    this.#packed = packed;
    this.#packNow = packNow;
    const { m, n, k, block, computation } = spec;
    this.#product = new addon.PreparedBlockGemm(
      engine,
      m,
      n,
      k,
      block,
      bitsOf(spec),
      computations[computation],
    );
    this.variant = this.#product.variant;
  }

  run(io: HostIO): void {
    const bias = this.#spec.bias ? floats(io, 'bias') : null;
    this.#product.run(this.#packed ?? this.#pack(io), floats(io, 'a'), bias, floats(io, 'y'));
  }

  dispose(): void {
    this.#product.dispose();
    this.#own?.dispose();
  }

  #pack(io: HostIO): PackedBlocks {
    if (this.#own === undefined) return (this.#own = this.#packNow(this.#spec, io));
    this.#own.fill(codes(io, 'b'), floats(io, 'scale'), codes(io, 'zeroPoint'));
    return this.#own;
  }
}
