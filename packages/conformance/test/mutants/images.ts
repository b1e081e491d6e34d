import { codeRange, type QConv2dSpec, type WindowSpec, windowOutput } from '@halftone/core';
import { type Arrays, clamp, type Mutant, mutateOp, reoperand, respec, spoil } from './mutate.ts';

/** What may go wrong in a convolution's sums. */
interface Faults {
  /** The code that padding counts as; default the zero point. */
  readonly padding?: (zero: number) => number;
  readonly dilations?: readonly [number, number];
  /** The first input channel of a group. */
  readonly first?: (group: number, width: number) => number;
  /** How many output channels are computed. */
  readonly channels?: (o: number) => number;
  /** Leaves a tap out. */
  readonly skips?: (kh: number, kw: number, spec: QConv2dSpec) => boolean;
}

function convolution({
  padding,
  dilations,
  first,
  channels = (o) => o,
  skips = () => false,
}: Faults): Mutant['provider'] {
  return mutateOp('qconv2d', (spec, arrays, right) => {
    if (spec.output.type !== 'int32' || spec.bias !== 'none') return right();
    const [height, width] = windowOutput(spec);
    const inside = spec.c / spec.groups;
    const per = spec.o / spec.groups;
    const [stepH, stepW] = dilations ?? spec.dilations;
    const { x, w, xZeroPoint, wZeroPoint, y } = arrays;
    const zx = xZeroPoint[0];
    for (let n = 0, to = 0; n < spec.n; n++)
      for (let oh = 0; oh < height; oh++)
        for (let ow = 0; ow < width; ow++, to += spec.o)
          for (let o = 0; o < channels(spec.o); o++) {
            const group = Math.floor(o / per);
            const zw = wZeroPoint[wZeroPoint.length > 1 ? o : 0];
            let sum = 0;
            for (let kh = 0; kh < spec.kernel[0]; kh++)
              for (let kw = 0; kw < spec.kernel[1]; kw++) {
                if (skips(kh, kw, spec)) continue;
                const ih = oh * spec.strides[0] - spec.pads[0] + kh * stepH;
                const iw = ow * spec.strides[1] - spec.pads[1] + kw * stepW;
                const out = ih < 0 || iw < 0 || ih >= spec.h || iw >= spec.w;
                for (let i = 0; i < inside; i++) {
                  const channel = (first?.(group, inside) ?? group * inside) + i;
                  const code = out
                    ? (padding?.(zx) ?? zx)
                    : x[((n * spec.h + ih) * spec.w + iw) * spec.c + channel];
                  const weight = w[((o * spec.kernel[0] + kh) * spec.kernel[1] + kw) * inside + i];
                  sum = (sum + (code - zx) * (weight - zw)) | 0;
                }
              }
            y[to + o] = sum;
          }
  });
}

const turned = <S extends WindowSpec>(spec: S): S => {
  const [top, left, bottom, right] = spec.pads;
  return { ...spec, pads: [bottom, right, top, left] };
};

function zeroPadding({ zeroPoint }: Arrays): void {
  zeroPoint.fill(0);
}

export const imageMutants: readonly Mutant[] = [
  {
    name: 'padding-is-code-0',
    bug: 'pads with the code 0 instead of the zero point',
    breaks: ['qconv2d'],
    provider: convolution({ padding: () => 0 }),
  },
  {
    name: 'pads-turned',
    bug: 'begins and ends of the padding changed places',
    breaks: ['qconv2d'],
    provider: respec('qconv2d', turned),
  },
  {
    name: 'dilation-ignored',
    bug: 'neighbouring taps, whatever the dilation',
    breaks: ['qconv2d'],
    provider: convolution({ dilations: [1, 1] }),
  },
  {
    name: 'groups-read-the-first',
    bug: 'every group reads the channels of the first',
    breaks: ['qconv2d'],
    provider: convolution({ first: () => 0 }),
  },
  {
    name: 'depthwise-tail-of-16',
    bug: 'channels by sixteens, the rest forgotten past the first',
    breaks: ['qconv2d'],
    provider: mutateOp('qconv2d', (spec, arrays, right) => {
      right();
      if (spec.groups !== spec.c || spec.c <= 16 || spec.c % 16 === 0) return;
      const { y } = arrays;
      for (let i = 0; i < y.length; i++) if (i % spec.o >= spec.o - (spec.o % 16)) y[i] = 0;
    }),
  },
  {
    name: 'output-channels-by-8',
    bug: 'output channels by eights, the rest forgotten past the first',
    breaks: ['qconv2d'],
    provider: convolution({ channels: (o) => (o > 8 ? o - (o % 8) : o) }),
  },
  {
    name: 'last-tap-forgotten',
    bug: 'a kernel with an odd number of taps, added by pairs',
    breaks: ['qconv2d'],
    provider: convolution({
      skips: (kh, kw, { kernel }) =>
        (kernel[0] * kernel[1]) % 2 === 1 && kh === kernel[0] - 1 && kw === kernel[1] - 1,
    }),
  },
  {
    name: 'strides-swapped',
    bug: 'strides read as [w, h]',
    breaks: ['im2col'],
    provider: respec('im2col', (spec) => ({ ...spec, strides: [spec.strides[1], spec.strides[0]] })),
  },
  {
    name: 'weight-zero-point-first-alone',
    bug: 'one zero point where there is one a channel',
    breaks: ['qconv2d'],
    provider: reoperand('qconv2d', ({ wZeroPoint }) => void wZeroPoint.fill(wZeroPoint[0] ?? 0)),
  },
  {
    name: 'im2col-pads-with-0',
    bug: 'pads with the code 0 instead of the zero point',
    breaks: ['im2col'],
    provider: reoperand('im2col', zeroPadding),
  },
  {
    name: 'im2col-first-channels',
    bug: 'takes the first channels, whichever are asked for',
    breaks: ['im2col'],
    provider: respec('im2col', (spec) => ({ ...spec, channels: [0, spec.channels[1]] })),
  },
  {
    name: 'maxpool-padding-wins',
    bug: 'padding counts as 0, which is more than a negative code',
    breaks: ['qmaxpool'],
    provider: mutateOp('qmaxpool', (spec, { y }, right) => {
      right();
      if (spec.dtype === 'int8' && spec.pads.some((pad) => pad > 0))
        for (let i = 0; i < y.length; i++) y[i] = Math.max(y[i], i < spec.c ? 0 : y[i]);
    }),
  },
  {
    name: 'maxpool-loses-nan',
    bug: 'keeps x where x > y: a NaN is never larger',
    breaks: ['maxpool'],
    provider: mutateOp('maxpool', (_spec, { x }, right) => {
      const kept = x.slice();
      for (let i = 0; i < x.length; i++) if (Number.isNaN(x[i])) x[i] = -Infinity;
      right();
      x.set(kept);
    }),
  },
  {
    name: 'average-counts-padding',
    bug: 'divides by the whole window at the edges',
    breaks: ['qavgpool'],
    provider: respec('qavgpool', (spec) => ({ ...spec, countIncludePad: true })),
  },
  {
    name: 'average-leaves-padding-out',
    bug: 'divides by the pixels alone where padding counts',
    breaks: ['avgpool'],
    provider: respec('avgpool', (spec) => ({ ...spec, countIncludePad: false })),
  },
  {
    name: 'average-of-codes',
    bug: 'averages codes without their zero point',
    breaks: ['qavgpool'],
    provider: reoperand('qavgpool', ({ xZeroPoint }) => void xZeroPoint.fill(0)),
  },
  {
    name: 'average-saturates-late',
    bug: 'wraps at 8 bits instead of saturating',
    breaks: ['qavgpool'],
    provider: spoil('qavgpool', ({ y }, { to }) => {
      const [lo, hi] = codeRange(to);
      for (let i = 0; i < y.length; i++) if (y[i] === hi) y[i] = clamp(lo + 1, lo, hi);
    }),
  },
];
