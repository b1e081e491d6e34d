import {
  type ArrayOf,
  catalogue,
  type Descs,
  type DType,
  dtypes,
  type HostIO,
  HalftoneError,
  type OpDefinition,
  sizeOf,
  type Tensor,
  type TensorDesc,
} from '@halftone/core';
import type { Case, Recipe } from './case.ts';
import { Random } from './random.ts';

/** The operands of a case; the same on every machine. Throws HT_INVALID_ARGUMENT for a recipe of no operand. */
export function operandsOf(item: Case): HostIO {
  const descs = definitionOf(item).inputs(item.spec);
  for (const name in item.inputs) {
    if (!Object.hasOwn(descs, name))
      throw new HalftoneError('HT_INVALID_ARGUMENT', `case ${item.id}: ${item.op} has no operand ${name}`, {
        case: item.id,
        operand: name,
      });
  }
  return Object.fromEntries(
    Object.entries(descs).map(([name, desc]) => {
      const recipe = item.inputs[name] ?? usual(name, desc);
      return [name, { ...desc, data: elementsOf(recipe, desc, new Random(`${item.id} ${name}`)) } as Tensor];
    }),
  );
}

/** What the spec of a case gives. */
export function resultsOf(item: Case): Descs {
  return definitionOf(item).outputs(item.spec);
}

function definitionOf(item: Case): OpDefinition<Case['spec']> {
  return catalogue[item.op] as OpDefinition<Case['spec']>;
}

/** The recipe of an operand that a case says nothing of, by what it is. */
function usual(name: string, { dtype }: TensorDesc): Recipe {
  if (name === 'scale' || name === 'multiplier') return { fill: 'log', lo: 1 / 256, hi: 1 / 16 };
  if (dtype === 'int32' || dtype === 'int64') return { fill: 'uniform', lo: -1000, hi: 1000 };
  return { fill: 'uniform' };
}

function elementsOf(recipe: Recipe, { dtype, shape }: TensorDesc, random: Random): ArrayOf[DType] {
  const elements = new dtypes[dtype].Array(sizeOf(shape));
  const draw = drawing(recipe, dtype, random);
  for (let i = 0; i < elements.length; i++) {
    const value = draw(i);
    elements[i] = (dtype === 'int64' ? BigInt(value) : value) as never;
  }
  return elements;
}

const specials: readonly number[] = [
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1e-45,
  -1e-45,
  1.1754942106924411e-38,
  1.1754943508222875e-38,
  3.4028234663852886e38,
  -3.4028234663852886e38,
  0.5,
  -0.5,
  2147483648,
  -2147483648,
  16777217,
];

function drawing(recipe: Recipe, dtype: DType, random: Random): (index: number) => number {
  if ('data' in recipe) return (i) => recipe.data[i % recipe.data.length]!;
  const whole = dtype !== 'float32';
  const [lowest, highest] = dtypes[dtype].range ?? (whole ? [-1e9, 1e9] : [-2, 2]);
  switch (recipe.fill) {
    case 'uniform': {
      const { lo = lowest, hi = highest } = recipe;
      return whole ? () => random.integer(lo, hi) : () => lo + random.next() * (hi - lo);
    }
    case 'log': {
      const octaves = doublings(recipe.lo, recipe.hi);
      return () => Math.min(recipe.hi, random.pick(octaves) * (1 + random.next()));
    }
    case 'extremes': {
      const ends = whole ? [lowest, highest] : [3.4028234663852886e38, -3.4028234663852886e38, 1e-45, -1e-45];
      return () =>
        random.next() < 2 / 3
          ? random.pick(ends)
          : random.integer(Math.max(lowest, -1e6), Math.min(highest, 1e6));
    }
    case 'special':
      return () =>
        random.once(3) ? random.pick(specials) : (random.next() * 2 - 1) * random.pick(magnitudes);
    case 'ramp':
      return (i) => lowest + (i % (highest - lowest + 1));
    case 'ties':
      return () => (random.integer(-recipe.steps, recipe.steps) + 0.5) * recipe.step;
    case 'constant':
      return () => recipe.value;
  }
}

/** Every power of two times `lo` below `hi`. */
function doublings(lo: number, hi: number): number[] {
  const list = [lo];
  while (list.at(-1)! * 2 < hi) list.push(list.at(-1)! * 2);
  return list;
}

const magnitudes: readonly number[] = doublings(1 / 1048576, 1048576);
