// Mistakes in the geometry of windows, and in pooling.
import type { HostIO, HostOp, OpName, OpSpecs, WindowSpec } from '@halftone/core';
import { rounder, windowOutput } from '@halftone/core';
import { elements, type Elements, type Mutant, put, right, scalar, wrongCall, wrongOp } from './mutate.ts';

type Windowed = 'qconv2d' | 'conv2d' | 'im2col' | 'qmaxpool' | 'qavgpool' | 'maxpool' | 'avgpool';

const windowed: readonly Windowed[] = [
  'qconv2d',
  'conv2d',
  'im2col',
  'qmaxpool',
  'qavgpool',
  'maxpool',
  'avgpool',
];

/** Another window with results of the same shape. */
type Change = (spec: WindowSpec) => Partial<WindowSpec>;

const changes: readonly (readonly [name: string, bug: string, change: Change])[] = [
  [
    'swaps top and bottom',
    'the end of the padding comes first, as in libraries that pad the end of SAME',
    ({ pads: [top, left, bottom, right_] }) => ({ pads: [bottom, left, top, right_] }),
  ],
  [
    'swaps left and right',
    'pads are read as [top, right, bottom, left]',
    ({ pads: [top, left, bottom, right_] }) => ({ pads: [top, right_, bottom, left] }),
  ],
  [
    'ignores the dilation',
    'the taps of a window are neighbours',
    ({ pads: [top, left, bottom, right_], kernel: [kh, kw], dilations: [dh, dw] }) => ({
      dilations: [1, 1],
      pads: [top, left, bottom - (kh - 1) * (dh - 1), right_ - (kw - 1) * (dw - 1)],
    }),
  ],
];

function geometry<O extends Windowed>(op: O): Mutant[] {
  return changes.map(([name, bug, change]) =>
    wrongCall(op, name, bug, (spec, io) => [{ ...spec, ...change(spec as WindowSpec) } as OpSpecs[O], io]),
  );
}

/** An image with a frame of `value`, and the window over it without padding. */
function framed<O extends Windowed>(
  spec: OpSpecs[O],
  io: HostIO,
  value: number,
): readonly [spec: OpSpecs[O], io: HostIO] {
  const { n, h, w, c, pads } = spec as WindowSpec;
  const [top, left, bottom, right_] = pads;
  const [height, width] = [h + top + bottom, w + left + right_];
  const x = elements(io, 'x');
  const image = new Float64Array(n * height * width * c).fill(value);
  for (let i = 0; i < x.length; i++) {
    const [channel, column] = [i % c, Math.floor(i / c) % w];
    const [row, batch] = [Math.floor(i / (c * w)) % h, Math.floor(i / (c * w * h))];
    image[((batch * height + row + top) * width + column + left) * c + channel] = x[i]!;
  }
  const larger = { ...io, x: { ...io['x']!, shape: [n, height, width, c] } } as HostIO;
  return [{ ...spec, h: height, w: width, pads: [0, 0, 0, 0] }, put(larger, 'x', image)];
}

function padded<O extends Windowed>(op: O, name: string, bug: string, value: number): Mutant {
  return wrongCall(op, name, bug, (spec, io) => framed<O>(spec, io, value));
}

/** Each group sees the channels of the first. */
function firstGroup(io: HostIO, { c, groups }: { readonly c: number; readonly groups: number }): HostIO {
  const x = elements(io, 'x');
  const count = c / groups;
  return put(
    io,
    'x',
    x.map((_, i) => x[i - (i % c) + ((i % c) % count)]!),
  );
}

/** Output pixels that no vector reaches keep what the result held. */
function unwrittenPixels<O extends OpName>(op: O, width: number): HostOp<OpSpecs[O]> {
  return (spec, io) => {
    const before = io['y']!.data.slice() as Elements;
    (right[op] as HostOp<OpSpecs[O]>)(spec, io);
    const c = (spec as unknown as { o?: number }).o ?? (spec as WindowSpec).c;
    const [, columns] = windowOutput(spec as WindowSpec);
    const y = elements(io, 'y');
    for (let i = 0; i < y.length; i++)
      if (Math.floor(i / c) % columns >= columns - (columns % width)) y[i] = before[i]!;
  };
}

/** Mean of codes by a formula on the sum of codes without their zero point, and the count of elements. */
function averaging(round: (x: number) => number): HostOp<OpSpecs['qavgpool']> {
  return (spec, io) => {
    if (spec.mode !== 'ort-f32') return right.qavgpool(spec, io);
    const [lo, hi] = spec.to === 'int8' ? [-128, 127] : [0, 255];
    const { c, kernel } = spec;
    const [x, y, multiplier] = ['x', 'y', 'multiplier'].map((name) => elements(io, name));
    const zero = scalar(io, 'zeroPoint');
    const [oh, ow] = windowOutput(spec);
    for (let i = 0; i < y!.length; i++) {
      const [channel, column] = [i % c, Math.floor(i / c) % ow];
      const [row, batch] = [Math.floor(i / (c * ow)) % oh, Math.floor(i / (c * ow * oh))];
      let [sum, count] = [0, 0];
      for (let t = 0; t < kernel[0] * kernel[1]; t++) {
        const ih = row * spec.strides[0] - spec.pads[0] + Math.floor(t / kernel[1]) * spec.dilations[0];
        const iw = column * spec.strides[1] - spec.pads[1] + (t % kernel[1]) * spec.dilations[1];
        if (ih < 0 || iw < 0 || ih >= spec.h || iw >= spec.w) continue;
        sum += x![((batch * spec.h + ih) * spec.w + iw) * c + channel]! - scalar(io, 'xZeroPoint');
        count++;
      }
      if (spec.countIncludePad) count = kernel[0] * kernel[1];
      const t = count === 0 ? 0 : Math.fround(sum * multiplier![count - 1]!);
      y![i] = round(Math.min(hi - zero, Math.max(lo - zero, t))) + zero;
    }
  };
}

/** Largest of each window by comparison, from a first value. */
function largest(first: number, wins: (x: number, before: number) => boolean): HostOp<WindowSpec> {
  return (spec, io) => {
    const { c, kernel } = spec;
    const [x, y] = [elements(io, 'x'), elements(io, 'y')];
    const [oh, ow] = windowOutput(spec);
    for (let i = 0; i < y.length; i++) {
      const [channel, column] = [i % c, Math.floor(i / c) % ow];
      const [row, batch] = [Math.floor(i / (c * ow)) % oh, Math.floor(i / (c * ow * oh))];
      let best = first;
      for (let t = 0; t < kernel[0] * kernel[1]; t++) {
        const ih = row * spec.strides[0] - spec.pads[0] + Math.floor(t / kernel[1]) * spec.dilations[0];
        const iw = column * spec.strides[1] - spec.pads[1] + (t % kernel[1]) * spec.dilations[1];
        if (ih < 0 || iw < 0 || ih >= spec.h || iw >= spec.w) continue;
        const value = x[((batch * spec.h + ih) * spec.w + iw) * c + channel]!;
        if (wins(value, best)) best = value;
      }
      y[i] = best;
    }
  };
}

/** Mistakes with windows. */
export const windows: readonly Mutant[] = [
  ...windowed.flatMap((op) => geometry(op)),
  padded('qconv2d', 'pads with 0', 'padding is the code 0, where it is the zero point', 0),
  padded('im2col', 'pads with 0', 'padding is the code 0, where it is the zero point', 0),
  padded(
    'conv2d',
    'multiplies padding',
    'padding is a product with 0, which an infinite weight makes NaN',
    0,
  ),
  padded('qmaxpool', 'pads with 0', 'padding is the code 0 and wins against negative codes', 0),
  padded('maxpool', 'pads with 0', 'padding is 0 and wins against negative floats', 0),
  padded(
    'maxpool',
    'pads with the lowest float',
    'padding is -FLT_MAX and wins against -Infinity',
    -3.4028234663852886e38,
  ),
  padded(
    'qmaxpool',
    'pads with -128',
    'the lowest code is that of int8, also of uint8 (where it wraps)',
    -128,
  ),
  wrongCall('qavgpool', 'counts padding', 'the mean is over the whole window', (spec, io) => [
    { ...spec, countIncludePad: true },
    io,
  ]),
  wrongCall('qavgpool', 'never counts padding', 'the mean is over pixels', (spec, io) => [
    { ...spec, countIncludePad: false },
    io,
  ]),
  wrongCall('avgpool', 'counts padding', 'the mean is over the whole window', (spec, io) => [
    { ...spec, countIncludePad: true },
    io,
  ]),
  wrongCall('avgpool', 'never counts padding', 'the mean is over pixels', (spec, io) => [
    { ...spec, countIncludePad: false },
    io,
  ]),
  ...(['trunc', 'floor', 'half-up', 'half-away'] as const).map((mode) =>
    wrongOp(
      'qavgpool',
      `rounds ${mode}`,
      'the mean is rounded as an integer division does',
      averaging(rounder(mode)),
    ),
  ),
  wrongOp(
    'maxpool',
    'loses NaN',
    'x > y is false for NaN, so that the largest of a window with NaN is a number',
    largest(-Infinity, (x, best) => x > best),
  ),
  wrongOp(
    'maxpool',
    'loses NaN behind others',
    'maxps gives its second operand where one is NaN: the last NaN wins only at the end',
    largest(-Infinity, (x, best) => !(x <= best)),
  ),
  wrongOp(
    'maxpool',
    'takes -0 for 0',
    'zeros compare equal, so that the first of them stays',
    largest(-Infinity, (x, best) => !Number.isNaN(best) && (x > best || Number.isNaN(x))),
  ),
  ...(['qconv2d', 'conv2d'] as const).map((op) =>
    wrongCall(op, 'reads the first group', 'all groups read the channels of the first', (spec, io) => [
      spec as never,
      firstGroup(io, spec),
    ]),
  ),
  ...windowed
    .filter((op) => op !== 'im2col')
    .map((op) =>
      wrongOp(
        op,
        'forgets the last pixels of a row',
        'two output pixels of a row are made at a time, and a last one alone is not',
        unwrittenPixels(op, 2) as never,
      ),
    ),
  wrongCall(
    'im2col',
    'takes the first channels',
    'the first channel of the group is not added',
    (spec, io) => [{ ...spec, channels: [0, spec.channels[1]] }, io],
  ),
];
