// acc[n, oh, ow, o] = sum over kh, kw, i of (x[n, ih, iw, g * c/groups + i] - xZeroPoint) * (w[o, kh, kw, i] - wZeroPoint[o])
// modulo 2^32, and its way out
import {
  HalftoneError,
  type HostIO,
  type HostKernel,
  type PackedWeights,
  type PreparedHostOp,
  type QConv2dSpec,
  type QGemmSpec,
} from '@halftone/core';
import type { Addon, Engine, PackedFilters } from '../native.ts';
import { qgemm } from './qgemm.ts';
import { type Codes, codes, floats, limits, outputKinds, requireFixed, windowOf } from './shared.ts';

/** Filters in the form of their kernel, with their zero points. */
class Filters implements PackedWeights {
  readonly layout = 'filters';
  readonly native: PackedFilters;
  readonly zeroPoint: Codes;

  constructor(native: PackedFilters, zeroPoint: Codes) {
    this.native = native;
    this.zeroPoint = zeroPoint;
  }

  get byteLength(): number {
    return this.native.byteLength + this.zeroPoint.byteLength;
  }

  dispose(): void {
    this.native.dispose();
  }
}

export function qconv2d(addon: Addon, engine: Engine): PreparedHostOp<QConv2dSpec> {
  const product = qgemm(addon, engine, productNames);
  const packNow = (spec: QConv2dSpec, w: Codes, zeroPoint: Codes, lasting: boolean): PackedFilters =>
    new addon.PackedFilters(
      engine,
      w,
      zeroPoint,
      windowOf(spec),
      spec.o,
      spec.groups,
      spec.weights === 'int8',
      spec.wZeroPoint === 'per-channel',
      lasting,
    );
  return {
    supports: ({ output }) =>
      output.type !== 'codes' ||
      output.mode === 'ort-f32' || { reason: `mode ${output.mode} is not supported` },
    pack(spec, weights: HostIO) {
      requireFixed('qconv2d', 'w', weights['w']!);
      if (isPointwise(spec)) return product.pack!(productOf(spec), weights);
      const zeroPoint = codes(weights, 'wZeroPoint').slice();
      return new Filters(packNow(spec, codes(weights, 'w'), zeroPoint, true), zeroPoint);
    },
    prepare(spec, packed) {
      if (isPointwise(spec)) return product.prepare(productOf(spec), packed);
      if (packed !== undefined && !(packed instanceof Filters))
        throw new HalftoneError(
          'HT_INVALID_ARGUMENT',
          'qconv2d: these weights were packed by another backend',
        );
      return new Convolution(addon, engine, spec, packed, packNow);
    },
  };
}

const productNames = { a: 'x', aZeroPoint: 'xZeroPoint', b: 'w', bZeroPoint: 'wZeroPoint' };

/** Windows of one pixel each: rows of a matrix as they are. */
function isPointwise({ kernel, strides, pads, groups }: QConv2dSpec): boolean {
  return groups === 1 && [...kernel, ...strides].every((v) => v === 1) && pads.every((v) => v === 0);
}

function productOf(spec: QConv2dSpec): QGemmSpec {
  const { n, h, w, c, o, x, weights, wZeroPoint, bias, output } = spec;
  return {
    batch: 1,
    m: n * h * w,
    n: o,
    k: c,
    a: x,
    b: weights,
    transposeB: true,
    bZeroPoint: wZeroPoint,
    bias,
    output,
  };
}

class Convolution implements HostKernel {
  readonly variant: string;
  readonly #spec: QConv2dSpec;
  readonly #conv: InstanceType<Addon['PreparedConv']>;
  readonly #packed: Filters | undefined;
  readonly #packNow: (spec: QConv2dSpec, w: Codes, zeroPoint: Codes, lasting: boolean) => PackedFilters;
  readonly #limits: readonly [number, number];

  constructor(
    addon: Addon,
    engine: Engine,
    spec: QConv2dSpec,
    packed: Filters | undefined,
    packNow: (spec: QConv2dSpec, w: Codes, zeroPoint: Codes, lasting: boolean) => PackedFilters,
  ) {
    const { output, x } = spec;
    this.#spec = spec;
    this.#packed = packed;
    this.#packNow = packNow;
    this.#limits = output.type === 'codes' ? limits(output.dtype, output.clamp) : [0, 0];
    const filters = packed?.native ?? this.#blank(spec);
    this.#conv = new addon.PreparedConv(
      engine,
      filters,
      x === 'int8',
      outputKinds[output.type === 'codes' ? output.dtype : output.type],
      output.type !== 'int32' && output.multiplier === 'per-channel',
    );
    if (!packed) filters.dispose();
    this.variant = this.#conv.variant;
  }

  run(io: HostIO): void {
    const zeroPoint = this.#packed?.zeroPoint ?? codes(io, 'wZeroPoint');
    if (this.#packed) return this.#runWith(this.#packed.native, zeroPoint, io);
    // Weights that come with each run are packed anew.
    const filters = this.#packNow(this.#spec, codes(io, 'w'), zeroPoint, false);
    try {
      this.#runWith(filters, zeroPoint, io);
    } finally {
      filters.dispose();
    }
  }

  dispose(): void {
    this.#conv.dispose();
  }

  #runWith(filters: PackedFilters, wZeroPoint: Codes, io: HostIO): void {
    const { output } = this.#spec;
    const [lo, hi] = this.#limits;
    this.#conv.run(
      filters,
      codes(io, 'x'),
      codes(io, 'xZeroPoint'),
      wZeroPoint,
      (io['bias']?.data as Int32Array | Float32Array | undefined) ?? null,
      output.type === 'int32' ? null : floats(io, 'multiplier'),
      output.type === 'codes' ? codes(io, 'zeroPoint') : null,
      lo,
      hi,
      io['y']!.data as Codes | Int32Array | Float32Array,
    );
  }

  /** Filters of this shape, all 0: their form depends on nothing else. */
  #blank(spec: QConv2dSpec): PackedFilters {
    const { o, kernel, c, groups, wZeroPoint } = spec;
    const zeros = new Uint8Array(wZeroPoint === 'per-channel' ? o : 1);
    return this.#packNow(spec, new Uint8Array((o * kernel[0] * kernel[1] * c) / groups), zeros, false);
  }
}
