import { broadcastShape, type DType, dtypes } from '@halftone/core';
import { type Case, makeCase } from '../case.ts';
import { anyElements, broadcasts, nameOfShape } from './shared.ts';

const types = Object.keys(dtypes) as DType[];

export function compareCases(): readonly Case<'compare'>[] {
  const functions = ['equal', 'less', 'lessOrEqual', 'greater', 'greaterOrEqual'] as const;
  return functions.flatMap((name) => [
    ...types.map((dtype) =>
      makeCase(
        'compare',
        `${name}/${dtype}`,
        { function: name, dtype, aShape: [40, 1], bShape: [40] },
        dtype === 'float32'
          ? { a: { fill: 'special' }, b: { fill: 'special' } }
          : { a: { fill: 'uniform', lo: 0, hi: 1 }, b: { fill: 'uniform', lo: 0, hi: 1 } },
      ),
    ),
    ...broadcasts.map(([aShape, bShape]) =>
      makeCase('compare', `${name}/${nameOfShape(aShape)}-by-${nameOfShape(bShape)}`, {
        function: name,
        dtype: 'int8',
        aShape,
        bShape,
      }),
    ),
  ]);
}

export function logicalCases(): readonly Case<'logical'>[] {
  return (['and', 'or', 'xor'] as const).flatMap((name) =>
    broadcasts.map(([aShape, bShape]) =>
      makeCase('logical', `${name}/${nameOfShape(aShape)}-by-${nameOfShape(bShape)}`, {
        function: name,
        aShape,
        bShape,
      }),
    ),
  );
}

export function whereCases(): readonly Case<'where'>[] {
  return types.flatMap((dtype) =>
    broadcasts.flatMap(([aShape, bShape]) =>
      [[], [1], broadcastShape('where', aShape, bShape)].map((conditionShape, i) =>
        makeCase(
          'where',
          `${nameOfShape(aShape)}-by-${nameOfShape(bShape)}-${i}/${dtype}`,
          {
            dtype,
            conditionShape,
            aShape,
            bShape,
            shape: broadcastShape('where', conditionShape, broadcastShape('where', aShape, bShape)),
          },
          { a: anyElements(dtype), b: anyElements(dtype) },
        ),
      ),
    ),
  );
}
