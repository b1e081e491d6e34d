// y[i, j] = sum over k of a[i, k] * (code[k, j] - zeroPoint[t, j]) * scale[t, j] + bias[j], t = floor(k / block)
import {
  type BlockGemmSpec,
  HalftoneError,
  type HostIO,
  type HostKernel,
  type PackedWeights,
  type PreparedHostOp,
} from '@halftone/core';
import type { Addon, Engine, PackedBlocks } from '../native.ts';
import { codes, floats, requireFixed } from './shared.ts';

/** Codes, scales and zero points in the layout of all kernels. */
class Weights implements PackedWeights {
  readonly layout = 'blocks in panels of 16 columns';
  readonly blocks: PackedBlocks;

  constructor(blocks: PackedBlocks) {
    this.blocks = blocks;
  }

  get byteLength(): number {
    return this.blocks.byteLength;
  }

  dispose(): void {
    this.blocks.dispose();
  }
}

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
      return new Weights(packNow(spec, weights));
    },
    prepare(spec, packed) {
      if (packed !== undefined && !(packed instanceof Weights))
        throw new HalftoneError(
          'HT_INVALID_ARGUMENT',
          'blockGemm: these weights were packed by another backend',
        );
      return new Product(addon, engine, spec, packed, packNow);
    },
  };
}

class Product implements HostKernel {
  readonly variant: string;
  readonly #spec: BlockGemmSpec;
  readonly #product: InstanceType<Addon['PreparedBlockGemm']>;
  readonly #packed: Weights | undefined;
  readonly #packNow: (spec: BlockGemmSpec, io: HostIO) => PackedBlocks;
  /** Weights that come with each run are packed anew into these. */
  #own: PackedBlocks | undefined;

  constructor(
    addon: Addon,
    engine: Engine,
    spec: BlockGemmSpec,
    packed: Weights | undefined,
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
    this.#product.run(this.#packed?.blocks ?? this.#pack(io), floats(io, 'a'), bias, floats(io, 'y'));
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
