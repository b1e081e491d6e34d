import { describe, expect, it } from 'vitest';
import {
  catalogue,
  type ElementOp,
  elementOps,
  isHalftoneError,
  type OpSpecs,
  tensor,
  type Tensor,
  zeros,
} from '../../src/index.ts';

function run<O extends ElementOp>(op: O, spec: OpSpecs[O], io: Record<string, Tensor>): unknown[] {
  const definition = catalogue[op] as unknown as {
    check(s: unknown): void;
    outputs(s: unknown): { y: Tensor };
  };
  definition.check(spec);
  const y = zeros(definition.outputs(spec).y.dtype, definition.outputs(spec).y.shape);
  (elementOps[op] as unknown as (s: unknown, io: Record<string, Tensor>) => void)(spec, { ...io, y });
  return Array.from(y.data as ArrayLike<unknown>);
}

function refused<O extends ElementOp>(op: O, spec: OpSpecs[O]): string {
  try {
    (catalogue[op] as unknown as { check(s: unknown): void }).check(spec);
  } catch (error) {
    if (isHalftoneError(error)) return error.code;
    throw error;
  }
  return 'none';
}

const grid = tensor('int16', [0, 1, 2, 10, 11, 12], [2, 3]);
const dtype = 'int16';

describe('slice', () => {
  const slice = (starts: number[], steps: number[], extents: number[]): unknown[] =>
    run('slice', { dtype, shape: [2, 3], starts, steps, extents }, { x: grid });

  it('takes elements at regular places, backwards too', () => {
    expect(slice([0, 1], [1, 1], [2, 2])).toEqual([1, 2, 11, 12]);
    expect(slice([1, 2], [-1, -2], [2, 2])).toEqual([12, 10, 2, 0]);
    expect(slice([0, 0], [1, 1], [0, 3])).toEqual([]);
    expect(
      run('slice', { dtype, shape: [], starts: [], steps: [], extents: [] }, { x: tensor(dtype, [7], []) }),
    ).toEqual([7]);
  });

  it('never leaves the tensor', () => {
    expect(refused('slice', { dtype, shape: [3], starts: [1], steps: [2], extents: [2] })).toBe(
      'HT_SHAPE_MISMATCH',
    );
    expect(refused('slice', { dtype, shape: [3], starts: [1], steps: [-1], extents: [3] })).toBe(
      'HT_SHAPE_MISMATCH',
    );
    expect(refused('slice', { dtype, shape: [3], starts: [-1], steps: [1], extents: [1] })).toBe(
      'HT_SHAPE_MISMATCH',
    );
    expect(refused('slice', { dtype, shape: [3, 1], starts: [0], steps: [1], extents: [1] })).toBe(
      'HT_SHAPE_MISMATCH',
    );
  });
});

describe('pad', () => {
  const x = tensor(dtype, [1, 2, 3], [3]);
  const pad = (mode: OpSpecs['pad']['mode'], before: number, after: number): unknown[] =>
    run(
      'pad',
      { dtype, shape: [3], before: [before], after: [after], mode },
      mode === 'constant' ? { x, value: tensor(dtype, [9]) } : { x },
    );

  it('adds a value, the mirror image, the edge or the tensor again', () => {
    expect(pad('constant', 1, 2)).toEqual([9, 1, 2, 3, 9, 9]);
    expect(pad('reflect', 2, 2)).toEqual([3, 2, 1, 2, 3, 2, 1]);
    expect(pad('reflect', 3, 5)).toEqual([2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2]);
    expect(pad('edge', 2, 1)).toEqual([1, 1, 1, 2, 3, 3]);
    expect(pad('wrap', 4, 2)).toEqual([3, 1, 2, 3, 1, 2, 3, 1, 2]);
  });

  it('fills where there is nothing, and repeats nothing', () => {
    const spec = { dtype, shape: [0, 2], before: [1, 0], after: [0, 0], mode: 'constant' } as const;
    expect(run('pad', spec, { x: tensor(dtype, [], [0, 2]), value: tensor(dtype, [4]) })).toEqual([4, 4]);
    expect(refused('pad', { ...spec, mode: 'edge' })).toBe('HT_SHAPE_MISMATCH');
    expect(refused('pad', { ...spec, before: [-1, 0] })).toBe('HT_SHAPE_MISMATCH');
  });
});

describe('expand', () => {
  it('repeats along axes of one element', () => {
    const x = tensor(dtype, [1, 2], [2, 1]);
    expect(run('expand', { dtype, shape: [2, 1], to: [2, 2, 3] }, { x })).toEqual([
      1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2,
    ]);
    expect(run('expand', { dtype, shape: [], to: [2] }, { x: tensor(dtype, [5], []) })).toEqual([5, 5]);
    expect(refused('expand', { dtype, shape: [2], to: [1] })).toBe('HT_SHAPE_MISMATCH');
  });
});

describe('gather', () => {
  const spec = { dtype, indices: 'int64', outer: 2, extent: 3, inner: 1, count: 2 } as const;

  it('picks along the middle axis, from the end too', () => {
    expect(run('gather', spec, { x: grid, indices: tensor('int64', [-1n, 0n]) })).toEqual([2, 0, 12, 10]);
  });

  it.each([3n, -4n])('refuses index %s', (index) => {
    expect(() => run('gather', spec, { x: grid, indices: tensor('int64', [0n, index]) })).toThrow(
      expect.objectContaining({ code: 'HT_INVALID_ARGUMENT' }),
    );
  });
});

it('moved floats keep their bits, a NaN with a payload too', () => {
  const x = tensor(
    'float32',
    new Float32Array(Uint32Array.of(0x7fc12345, 0xff812345, 0x80000000).buffer),
    [3],
  );
  const y = zeros('float32', [3]);
  elementOps.slice({ dtype: 'float32', shape: [3], starts: [2], steps: [-1], extents: [3] }, { x, y });
  expect(Array.from(new Uint32Array(y.data.buffer))).toEqual([0x80000000, 0xff812345, 0x7fc12345]);
});

it('int64 and bool move as they are', () => {
  const x = tensor('int64', [2n ** 62n, -1n]);
  expect(run('expand', { dtype: 'int64', shape: [2], to: [2, 2] }, { x })).toEqual([
    2n ** 62n,
    -1n,
    2n ** 62n,
    -1n,
  ]);
  const flags = tensor('bool', [1, 0]);
  expect(
    run('slice', { dtype: 'bool', shape: [2], starts: [1], steps: [-1], extents: [2] }, { x: flags }),
  ).toEqual([0, 1]);
});
