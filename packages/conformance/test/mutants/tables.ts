// Mistakes in dequantize, in ops that are tables or sums of codes, and in modes that are taken for each other.
import {
  axisLayout,
  type DequantizeSpec,
  dynamicParams,
  forEachParamRun,
  type HostOp,
  isFixedMode,
  type OpName,
  type OpSpecs,
  type RequantizeMode,
} from '@halftone/core';
import { elements, type Mutant, put, right, wrongCall, wrongOp } from './mutate.ts';
import { flush, quantizeCode, shifted } from './rounding.ts';

const { fround } = Math;

type Real = (code: number, scale: number, zero: number) => number;

function dequantizing(real: Real): HostOp<DequantizeSpec> {
  return (spec, io) => {
    const [x, y, scale] = ['x', 'y', 'scale'].map((name) => elements(io, name));
    const zero = spec.from === 'int32' ? undefined : elements(io, 'zeroPoint');
    forEachParamRun(axisLayout(spec.shape, spec), (begin, end, first, stride) => {
      for (let i = begin, p = first; i < end; i++, p += stride)
        y![i] = real(x![i]!, scale![p]!, zero?.[p] ?? 0);
    });
  };
}

const dequantizeMistakes: readonly (readonly [name: string, bug: string, real: Real])[] = [
  ['divides by the scale', 'scale is taken for its inverse', (x, s, z) => fround(x - z) / s],
  ['adds the zero point', 'the zero point has the wrong sign', (x, s, z) => fround(x + z) * s],
  ['forgets the zero point', 'codes are taken as symmetric', (x, s) => fround(x) * s],
  [
    'subtracts in 8 bits',
    'code minus zero point is kept in the type of the code',
    (x, s, z) => (((x - z) << 24) >> 24) * s,
  ],
  ['rounds after the product', 'an int32 code goes into the product unrounded', (x, s, z) => (x - z) * s],
  [
    'multiplies and adds',
    'x * scale - zeroPoint * scale, with a constant that is rounded before',
    (x, s, z) => fround(fround(fround(x) * s) - fround(z * s)),
  ],
  ['flushes subnormals', 'subnormal results become 0', (x, s, z) => flush(fround(fround(x - z) * flush(s)))],
];

/** Parameters of the next axis of equal extent, or of the next index. */
function misplaced(op: 'quantize' | 'dequantize' | 'requantize'): readonly Mutant[] {
  const names = op === 'requantize' ? ['multiplier', 'shift'] : ['scale', 'zeroPoint'];
  const present = (io: Readonly<Record<string, unknown>>): string[] => names.filter((name) => io[name]);
  return [
    wrongCall(op, 'takes the next parameters', 'the parameters are those of the next channel', (spec, io) => [
      spec as never,
      present(io).reduce((changed, name) => put(changed, name, shifted(elements(io, name))), io),
    ]),
    wrongOp(
      op,
      'takes another axis',
      'parameters are taken along the last axis, whatever axis is said',
      (spec, io) => {
        const { axis, shape } = spec;
        const last = shape.length - 1;
        if (axis === undefined || axis === last || 'block' in spec)
          return (right[op] as HostOp<never>)(spec as never, io);
        // Read past their end, the parameters begin again.
        const changed = present(io).reduce((all, name) => {
          const list = elements(io, name);
          const data = Array.from({ length: shape[last]! }, (_, i) => list[i % list.length]!);
          return put({ ...all, [name]: { ...io[name]!, shape: [data.length] } as never }, name, data);
        }, io);
        (right[op] as HostOp<never>)({ ...spec, axis: last } as never, changed);
      },
    ),
  ];
}

type Moded = 'requantize' | 'qgemm' | 'qconv2d' | 'qavgpool' | 'qadd' | 'qmul' | 'qsoftmax';

/** A mode that runs as another one with operands of the same kind. */
function confused(op: Moded, from: string, to: string, bug: string): Mutant {
  const change = (spec: { readonly mode?: string; readonly output?: object }): object => {
    const { output } = spec as { output?: { readonly mode?: string } };
    if (output?.mode === from) return { ...spec, output: { ...output, mode: to } };
    return spec.mode === from ? { ...spec, mode: to } : spec;
  };
  return wrongCall(op as OpName, `takes ${from} for ${to}`, bug, (spec, io) => [
    change(spec as object) as never,
    io,
  ]);
}

const moded: readonly Moded[] = ['requantize', 'qgemm', 'qconv2d', 'qavgpool', 'qadd', 'qmul', 'qsoftmax'];
const pairs: readonly (readonly [RequantizeMode, RequantizeMode, string])[] = [
  ['ort-f32', 'onnx-ref', 'the zero point is added before rounding'],
  ['onnx-ref', 'ort-f32', 'the zero point is added after rounding'],
  ['tflite-double', 'tflite-single', 'the two roundings of gemmlowp are made one'],
  ['tflite-single', 'tflite-double', 'rounded in the high product, then in the shift'],
  ['shift-floor', 'tflite-single', 'a shift that rounds'],
  ['tflite-single', 'shift-floor', 'a shift that cuts off'],
];
const floatModes: ReadonlySet<Moded> = new Set<Moded>(['requantize', 'qgemm', 'qconv2d', 'qavgpool']);

const swapped = moded.flatMap((op) =>
  pairs
    .filter(([from]) => isFixedMode(from) || floatModes.has(op))
    .map(([from, to, bug]) => confused(op, from, to, bug)),
);

type Range = (x: Float32Array) => readonly [min: number, max: number];

/** dynamicQuantize with another range or other parameters. */
function dynamic(
  range: Range,
  parameters: typeof dynamicParams = dynamicParams,
): HostOp<OpSpecs['dynamicQuantize']> {
  return (_spec, io) => {
    const x = elements(io, 'x') as Float32Array;
    const { scale, zeroPoint } = parameters(...range(x));
    elements(io, 'scale')[0] = scale[0]!;
    elements(io, 'zeroPoint')[0] = zeroPoint![0]!;
    const y = elements(io, 'y');
    for (let i = 0; i < x.length; i++) y[i] = quantizeCode(x[i]!, scale[0]!, zeroPoint![0]!, 0, 255);
  };
}

function rangeOf(x: Float32Array, min = 0, max = 0): readonly [number, number] {
  for (const v of x) {
    if (v < min) min = v;
    if (v > max) max = v;
  }
  return [min, max];
}

/** Parameters in double precision. */
const inDouble: typeof dynamicParams = (min, max) => {
  const scale = (max - min) / 255 || 1;
  const t = -min / scale;
  const below = Math.floor(t);
  const zero = t - below > 0.5 || (t - below === 0.5 && below % 2 === 1) ? below + 1 : below;
  return { ...dynamicParams(min, max), scale: Float32Array.of(scale), zeroPoint: Int32Array.of(zero) };
};

const dynamicMistakes: readonly Mutant[] = [
  wrongOp(
    'dynamicQuantize',
    'derives in f64',
    'scale and zero point are derived in double precision',
    dynamic((x) => rangeOf(x), inDouble),
  ),
  wrongOp(
    'dynamicQuantize',
    'leaves 0 out of the range',
    'the range is that of the data alone',
    dynamic(
      (x) => (x.length === 0 ? [0, 0] : rangeOf(x, Infinity, -Infinity)),
      (min, max) => {
        const scale = fround(fround(max - min) / 255) || 1;
        const zero = quantizeCode(fround(-min / scale), 1, 0, 0, 255);
        return { ...dynamicParams(0, 0), scale: Float32Array.of(scale), zeroPoint: Int32Array.of(zero) };
      },
    ),
  ),
  wrongOp(
    'dynamicQuantize',
    'lets NaN into the range',
    'minps and maxps carry a NaN on',
    dynamic(
      (x) => (x.some(Number.isNaN) ? [NaN, NaN] : rangeOf(x)),
      (min, max) =>
        Number.isNaN(min) ? { ...dynamicParams(0, 0), scale: Float32Array.of(NaN) } : dynamicParams(min, max),
    ),
  ),
  wrongOp(
    'dynamicQuantize',
    'forgets the tail of the range',
    'the range is that of full vectors of 8',
    dynamic((x) => rangeOf(x.length < 8 ? x : x.subarray(0, x.length - (x.length % 8)))),
  ),
  wrongOp(
    'dynamicQuantize',
    'divides by 256',
    'the range is cut into as many steps as there are codes',
    dynamic(
      (x) => rangeOf(x),
      (min, max) => {
        const params = dynamicParams(min, max);
        return max > min ? { ...params, scale: Float32Array.of((max - min) / 256) } : params;
      },
    ),
  ),
];

/** Mistakes with codes. */
export const tables: readonly Mutant[] = [
  ...dequantizeMistakes.map(([name, bug, real]) => wrongOp('dequantize', name, bug, dequantizing(real))),
  ...misplaced('quantize'),
  ...misplaced('dequantize'),
  ...misplaced('requantize'),
  ...swapped,
  ...dynamicMistakes,
  wrongOp(
    'lut256',
    'indexes by the bits of int8',
    'a negative code reads the upper half of the table, as its bits say',
    (_spec, io) => {
      const [x, y, table] = ['x', 'y', 'table'].map((name) => elements(io, name));
      for (let i = 0; i < x!.length; i++) y![i] = table![x![i]! & 255]!;
    },
  ),
  wrongOp('lut256', 'loses the last entry', 'the table has 255 entries', (spec, io) => {
    const table = elements(io, 'table');
    right.lut256(
      spec,
      put(
        io,
        'table',
        table.map((v, i) => (i === 255 ? 0 : v)),
      ),
    );
  }),
  wrongOp(
    'qadd',
    'rounds the constant term',
    'the zero point and its terms are one integer, added last',
    (spec, io) => {
      if (spec.mode !== 'ort-x86') return right.qadd(spec, io);
      const [ra, rb, c0] = Array.from(elements(io, 'factors')) as [number, number, number];
      const whole = Math.floor(c0);
      right.qadd(spec, put(io, 'factors', [ra, rb, whole]));
    },
  ),
  wrongOp('qadd', 'shifts less', 'operands are scaled up by 19 bits, where it is 20', (spec, io) => {
    if (spec.mode === 'ort-x86' || spec.mode === 'decomposed') return right.qadd(spec, io);
    const factors = Array.from(elements(io, 'factors'));
    // Multiplier and shift of a, b and y; one bit less before, one more after.
    right.qadd(
      spec,
      put(
        io,
        'factors',
        factors.map((v, i) => (i === 4 || i === 6 ? v - 1 : i === 8 ? v + 1 : v)),
      ),
    );
  }),
  wrongCall(
    'qadd',
    'forgets the clamp',
    'the fused activation is left out',
    ({ clamp: _clamp, ...spec }, io) => [spec, io],
  ),
  wrongCall(
    'qmul',
    'forgets the clamp',
    'the fused activation is left out',
    ({ clamp: _clamp, ...spec }, io) => [spec, io],
  ),
  wrongCall(
    'qsoftmax',
    'has a table off by one',
    'entries of the table of exponentials are a unit too high',
    (spec, io) => [
      spec,
      put(
        io,
        'table',
        elements(io, 'table').map((v, i) => (i % 2 === 1 ? v + 1 : v)),
      ),
    ],
  ),
  wrongCall(
    'qsoftmax',
    'forgets the zero point',
    'the zero point of the result is taken for 0',
    (spec, io) => [spec, put(io, 'zeroPoint', [0])],
  ),
  wrongOp(
    'qsoftmax',
    'does not subtract the maximum',
    'distances are from the highest code, where they are from the largest',
    (spec, io) => {
      const [x, y, table] = ['x', 'y', 'table'].map((name) => elements(io, name));
      const highest = spec.from === 'int8' ? 127 : 255;
      const shares = new Float64Array(y!.length);
      for (let o = 0; o < spec.outer; o++) {
        for (let i = 0; i < spec.inner; i++) {
          const at = (e: number): number => (o * spec.extent + e) * spec.inner + i;
          let sum = 0;
          for (let e = 0; e < spec.extent; e++) sum += table![highest - x![at(e)]!]!;
          for (let e = 0; e < spec.extent; e++)
            shares[at(e)] = sum === 0 ? 0 : Math.floor((table![highest - x![at(e)]!]! * 4194304) / sum);
        }
      }
      right.requantize(
        { shape: [shares.length], to: spec.to, mode: spec.mode },
        {
          x: { dtype: 'int32', shape: [shares.length], data: Int32Array.from(shares) },
          multiplier: io['multiplier']!,
          shift: io['shift']!,
          zeroPoint: io['zeroPoint']!,
          y: io['y']!,
        },
      );
    },
  ),
];
