// Ways out of an int32 accumulator, which qgemm and qconv2d share.
import {
  type AccumulatorSpec,
  fixedFactors,
  isFixedMode,
  type PerChannel,
  requantizeModes,
} from '@halftone/core';
import type { Recipe } from '../case.ts';
import { signs, zeroPoints } from './shared.ts';
import { tellingSums } from './sums.ts';

/** A way out, by name, with what its operands hold. */
export interface WayOut {
  readonly name: string;
  readonly spec: AccumulatorSpec;
  readonly inputs: Readonly<Record<string, Recipe>>;
  /** An optional form: another mode than ort-f32. */
  readonly form: boolean;
}

/** A way out of sums that are the bias alone: the weights of these `channels` are zeros. */
export interface StatedWayOut extends WayOut {
  readonly channels: number;
}

/** Ways from sums to codes, of sums that show how a mode rounds. */
export function statedWaysOut(): readonly StatedWayOut[] {
  return signs.flatMap((dtype) =>
    requantizeModes.flatMap((mode) => {
      const sums = tellingSums(mode);
      const reals = sums.map(([, multiplier]) => multiplier);
      const factors = isFixedMode(mode) ? fixedFactors(reals) : undefined;
      const form = mode !== 'ort-f32';
      const zeros = zeroPoints(dtype);
      return (form ? [zeros[1]!] : zeros).map((zero) => ({
        name: `${dtype}-telling-${mode}-zero-${zero}`,
        spec: { bias: 'int32', output: { type: 'codes', dtype, mode, multiplier: 'per-channel' } } as const,
        inputs: {
          bias: { data: sums.map(([sum]) => sum) },
          multiplier: { data: [...(factors?.multiplier ?? reals)] },
          ...(factors ? { shift: { data: [...factors.shift] } } : {}),
          zeroPoint: { data: [zero] },
        },
        channels: sums.length,
        form,
      }));
    }),
  );
}

const reals: readonly number[] = [0.002, 0.0151, 0.5, 0.00007, 0.25, 0.9, 0.031];

/** Every way out of an accumulator; `channels` output channels, sums of a magnitude that the multipliers bring to codes. */
export function waysOut(channels: number): readonly WayOut[] {
  const bias: Recipe = { fill: 'uniform', lo: -5000, hi: 5000 };
  const list: WayOut[] = [];
  const perChannels: readonly PerChannel[] = ['per-tensor', 'per-channel'];
  const used = (multiplier: PerChannel): readonly number[] =>
    multiplier === 'per-tensor'
      ? [0.0151]
      : Array.from({ length: channels }, (_, i) => reals[i % reals.length]!);
  list.push(
    { name: 'int32-bias', spec: { bias: 'int32', output: { type: 'int32' } }, inputs: { bias }, form: false },
    {
      // Sums and biases wrap around.
      name: 'int32-wrapping-bias',
      spec: { bias: 'int32', output: { type: 'int32' } },
      inputs: { bias: { fill: 'extremes' } },
      form: false,
    },
  );
  for (const multiplier of perChannels) {
    for (const kind of ['none', 'int32', 'float32'] as const) {
      list.push({
        name: `f32-${multiplier}-bias-${kind}`,
        spec: { bias: kind, output: { type: 'float32', multiplier } },
        inputs: { multiplier: { data: used(multiplier) }, ...(kind === 'int32' ? { bias } : {}) },
        form: false,
      });
    }
    for (const dtype of signs) {
      for (const mode of requantizeModes) {
        const factors = isFixedMode(mode) ? fixedFactors(used(multiplier)) : undefined;
        const operands: Record<string, Recipe> = factors
          ? { multiplier: { data: [...factors.multiplier] }, shift: { data: [...factors.shift] } }
          : { multiplier: { data: used(multiplier) } };
        const output = { type: 'codes', dtype, mode, multiplier } as const;
        const clamp: readonly [number, number] = dtype === 'int8' ? [-20, 90] : [128, 255];
        const name = `${dtype}-${multiplier}-${mode}`;
        const form = mode !== 'ort-f32';
        list.push({ name, spec: { bias: 'int32', output }, inputs: { ...operands, bias }, form });
        if (form) continue;
        list.push(
          { name: `${name}-no-bias`, spec: { bias: 'none', output }, inputs: operands, form },
          {
            name: `${name}-clamp`,
            spec: { bias: 'int32', output: { ...output, clamp } },
            inputs: { ...operands, bias },
            form,
          },
          {
            name: `${name}-extreme-bias`,
            spec: { bias: 'int32', output },
            inputs: { ...operands, bias: { fill: 'extremes' } },
            form,
          },
        );
      }
    }
  }
  return list;
}
