// acc[i, j] = sum over k of (a[i, k] - aZeroPoint) * (b[k, j] - bZeroPoint[j])   modulo 2^32, and its way out
import {
  HalftoneError,
  type HostIO,
  type HostKernel,
  type PackedWeights,
  type PreparedHostOp,
  type QGemmSpec,
} from '@halftone/core';
import type { Addon, Engine, PackedMatrix } from '../native.ts';
import { type Codes, codes, floats, limits, outputKinds, requireFixed } from './shared.ts';

/** B of each stacked product, in the kernel's layout, with its zero points. */
class Weights implements PackedWeights {
  readonly layout = 'panels of 16 columns';
  readonly matrices: readonly PackedMatrix[];
  readonly zeroPoint: Codes;

  constructor(matrices: readonly PackedMatrix[], zeroPoint: Codes) {
    this.matrices = matrices;
    this.zeroPoint = zeroPoint;
  }

  get byteLength(): number {
    return this.matrices.reduce((sum, { byteLength }) => sum + byteLength, this.zeroPoint.byteLength);
  }

  dispose(): void {
    for (const matrix of this.matrices) matrix.dispose();
  }
}

/** How the op that is a product calls its operands. */
export interface ProductNames {
  readonly a: string;
  readonly aZeroPoint: string;
  readonly b: string;
  readonly bZeroPoint: string;
}

const ownNames: ProductNames = { a: 'a', aZeroPoint: 'aZeroPoint', b: 'b', bZeroPoint: 'bZeroPoint' };

/** Products; also for another op that is one, and has other names for the operands. */
export function qgemm(
  addon: Addon,
  engine: Engine,
  names: ProductNames = ownNames,
): PreparedHostOp<QGemmSpec> {
  const packEach = ({ batch, n, k, b, transposeB }: QGemmSpec, all: Codes): PackedMatrix[] =>
    Array.from(
      { length: batch },
      (_, i) =>
        new addon.PackedMatrix(
          engine,
          all.subarray(i * n * k, (i + 1) * n * k),
          n,
          k,
          transposeB,
          b === 'int8',
        ),
    );
  return {
    supports: ({ output }) =>
      output.type !== 'codes' ||
      output.mode === 'ort-f32' || { reason: `mode ${output.mode} is not supported` },
    pack(spec, weights: HostIO) {
      requireFixed('qgemm', names.b, weights[names.b]!);
      return new Weights(packEach(spec, codes(weights, names.b)), codes(weights, names.bZeroPoint).slice());
    },
    prepare(spec, packed) {
      if (packed !== undefined && !(packed instanceof Weights))
        throw new HalftoneError('HT_INVALID_ARGUMENT', 'qgemm: these weights were packed by another backend');
      return new Product(addon, engine, spec, names, packed, packEach);
    },
  };
}

class Product implements HostKernel {
  readonly variant: string;
  readonly #spec: QGemmSpec;
  readonly #names: ProductNames;
  readonly #product: InstanceType<Addon['PreparedProduct']>;
  readonly #packed: Weights | undefined;
  readonly #packEach: (spec: QGemmSpec, all: Codes) => PackedMatrix[];
  readonly #limits: readonly [number, number];
  /** Weights that come with each run are packed anew into these. */
  #own: PackedMatrix[] | undefined;

  constructor(
    addon: Addon,
    engine: Engine,
    spec: QGemmSpec,
    names: ProductNames,
    packed: Weights | undefined,
    packEach: (spec: QGemmSpec, all: Codes) => PackedMatrix[],
  ) {
    const { m, n, k, a, b, bZeroPoint, output } = spec;
    const dtype = output.type === 'codes' ? output.dtype : output.type;
    this.#spec = spec;
    this.#names = names;
    this.#packed = packed;
    this.#packEach = packEach;
    this.#limits = output.type === 'codes' ? limits(output.dtype, output.clamp) : [0, 0];
    this.#product = new addon.PreparedProduct(
      engine,
      m,
      n,
      k,
      a === 'int8',
      b === 'int8',
      outputKinds[dtype],
      bZeroPoint === 'per-channel',
      output.type !== 'int32' && output.multiplier === 'per-channel',
    );
    this.variant = this.#product.variant;
  }

  run(io: HostIO): void {
    const { batch, output } = this.#spec;
    const names = this.#names;
    const matrices = this.#packed ? this.#packed.matrices : this.#pack(codes(io, names.b));
    const bZeroPoint = this.#packed ? this.#packed.zeroPoint : codes(io, names.bZeroPoint);
    const bias = (io['bias']?.data as Int32Array | Float32Array | undefined) ?? null;
    const multiplier = output.type === 'int32' ? null : floats(io, 'multiplier');
    const zeroPoint = output.type === 'codes' ? codes(io, 'zeroPoint') : null;
    const [lo, hi] = this.#limits;
    for (let i = 0; i < batch; i++)
      this.#product.run(
        matrices[i]!,
        codes(io, names.a),
        codes(io, names.aZeroPoint),
        bZeroPoint,
        bias,
        multiplier,
        zeroPoint,
        lo,
        hi,
        io['y']!.data as Codes | Int32Array | Float32Array,
        i,
      );
  }

  dispose(): void {
    this.#product.dispose();
    for (const matrix of this.#own ?? []) matrix.dispose();
  }

  #pack(all: Codes): readonly PackedMatrix[] {
    const { n, k } = this.#spec;
    this.#own ??= this.#packEach(this.#spec, all);
    // Also the first time: where calls are recorded, this is what packs in each run.
    for (const [i, matrix] of this.#own.entries()) matrix.fill(all.subarray(i * n * k, (i + 1) * n * k));
    return this.#own;
  }
}
