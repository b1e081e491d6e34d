import { type BinaryFunction, type DType, dtypes, type UnaryFunction, unaryFunctions } from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';
import { broadcasts, nameOfShape, shapes, tails } from './shared.ts';

const parameters: Readonly<Record<string, readonly [alpha: number, beta: number]>> = {
  leakyRelu: [Math.fround(0.01), 0],
  elu: [1, 0],
  selu: [Math.fround(1.6732632423543772), Math.fround(1.0507009873554805)],
  hardSigmoid: [Math.fround(0.2), 0.5],
  quickGelu: [Math.fround(1.702), 0],
};

export function unaryCases(): readonly Case<'unary'>[] {
  const names = Object.keys(unaryFunctions) as UnaryFunction[];
  const spread: readonly (readonly [string, Recipe])[] = [
    ['near-0', { fill: 'uniform', lo: -2, hi: 2 }],
    ['wide', { fill: 'uniform', lo: -100, hi: 100 }],
    ['positive', { fill: 'log', lo: 1e-30, hi: 1e30 }],
    ['special', { fill: 'special' }],
    ['halves', { fill: 'ties', step: 1, steps: 20 }],
  ];
  return [
    ...names.flatMap((name) => {
      const [alpha, beta] = parameters[name] ?? [0, 0];
      return spread.map(([kind, x]) =>
        makeCase('unary', `${name}-${kind}`, { function: name, shape: [600], alpha, beta }, { x }),
      );
    }),
    ...tails.map((n) => makeCase('unary', `n-${n}`, { function: 'sigmoid', shape: [n] })),
    ...shapes.map((shape) => makeCase('unary', `shape-${nameOfShape(shape)}`, { function: 'tanh', shape })),
    makeCase(
      'unary',
      'clamp',
      { function: 'clamp', shape: [300], clamp: [-1, 1] },
      { x: { fill: 'special' } },
    ),
    makeCase(
      'unary',
      'clamp-relu',
      { function: 'clamp', shape: [300], clamp: [0, Infinity] },
      { x: { fill: 'special' } },
    ),
  ];
}

const functions: readonly BinaryFunction[] = ['add', 'sub', 'mul', 'div', 'pow', 'prelu', 'min', 'max'];

export function binaryCases(): readonly Case<'binary'>[] {
  const integers = (Object.keys(dtypes) as DType[]).filter(
    (dtype) => dtype !== 'float32' && dtype !== 'bool',
  );
  const small: Recipe = { fill: 'uniform', lo: 0, hi: 5 };
  return [
    ...functions.flatMap((name) => [
      ...broadcasts.map(([aShape, bShape]) =>
        makeCase('binary', `${name}/${nameOfShape(aShape)}-by-${nameOfShape(bShape)}`, {
          function: name,
          aShape,
          bShape,
        }),
      ),
      makeCase(
        'binary',
        `${name}/special`,
        { function: name, aShape: [40, 1], bShape: [40] },
        { a: { fill: 'special' }, b: { fill: 'special' } },
      ),
      makeCase('binary', `${name}/clamp`, { function: name, aShape: [300], bShape: [300], clamp: [-1, 2] }),
      ...integers.flatMap((dtype) => [
        // Powers of small integers stay inside every type.
        makeCase(
          'binary',
          `${name}/${dtype}`,
          { function: name, aShape: [9, 1], bShape: [13], dtype },
          name === 'pow' ? { a: small, b: small } : {},
        ),
        ...(name === 'pow'
          ? []
          : [
              makeCase(
                'binary',
                `${name}/${dtype}-extremes`,
                { function: name, aShape: [200], bShape: [200], dtype },
                { a: { fill: 'extremes' } },
              ),
            ]),
      ]),
    ]),
    ...tails.map((n) => makeCase('binary', `n-${n}`, { function: 'mul', aShape: [n], bShape: [n] })),
    makeCase(
      'binary',
      'div/by-0',
      { function: 'div', aShape: [50], bShape: [50], dtype: 'int32' },
      { b: { data: [0, 1, -1, 0] }, a: { fill: 'extremes' } },
    ),
  ];
}

export function softmaxCases(): readonly Case<'softmax'>[] {
  const extents = [
    [1, 1, 1],
    [2, 10, 1],
    [3, 7, 5],
    [1, 1000, 1],
    [4, 33, 17],
    [0, 4, 1],
    [2, 0, 3],
  ] as const;
  const kinds: readonly (readonly [string, Recipe])[] = [
    ['usual', { fill: 'uniform', lo: -5, hi: 5 }],
    ['large', { fill: 'uniform', lo: -500, hi: 500 }],
    ['equal', { fill: 'constant', value: 3 }],
    ['special', { fill: 'special' }],
  ];
  return [false, true].flatMap((logarithm) =>
    extents.flatMap(([outer, extent, inner]) =>
      kinds.map(([kind, x]) =>
        makeCase(
          'softmax',
          `${logarithm ? 'log-' : ''}${outer}x${extent}x${inner}-${kind}`,
          { outer, extent, inner, logarithm },
          { x },
        ),
      ),
    ),
  );
}

export function castCases(): readonly Case<'cast'>[] {
  const types = Object.keys(dtypes) as DType[];
  return types.flatMap((from) =>
    types
      .filter((to) => to !== from)
      .flatMap((to) => [
        makeCase('cast', `${from}-${to}-empty`, { shape: [0], from, to }),
        makeCase('cast', `${from}-${to}-scalar`, { shape: [], from, to }),
        makeCase(
          'cast',
          `${from}-${to}`,
          { shape: [300], from, to },
          from === 'float32' ? { x: { fill: 'uniform', lo: -300, hi: 300 } } : {},
        ),
        makeCase(
          'cast',
          `${from}-${to}-extremes`,
          { shape: [300], from, to },
          { x: { fill: from === 'float32' ? 'special' : from === 'bool' ? 'uniform' : 'extremes' } },
        ),
      ]),
  );
}
