import { describe, expect, it } from 'vitest';
import {
  type BackendProvider,
  type Executable,
  openBackend,
  planArena,
  type Region,
  type RegionStep,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { codeOf, small } from './support.ts';

const codes = { dtype: 'uint8', shape: [4] } as const;
const spec = { shape: [4], from: 'uint8', to: 'uint8' } as const;
const table = tensor(
  'uint8',
  Array.from({ length: 256 }, (_, i) => (i + 1) & 255),
);
const step = (x: number | Tensor, y: number): RegionStep => ({
  op: 'lut256',
  spec,
  inputs: { x, table },
  outputs: { y },
});

/** Three times the next code. */
const region: Region = {
  values: [codes, codes, codes, codes],
  inputs: [0],
  outputs: [3],
  steps: [step(0, 1), step(1, 2), step(2, 3)],
};

/** The small backend, with a way to run regions that adds 3 and takes notes. */
function compiling(log: string[]): BackendProvider {
  return {
    ...small,
    async create() {
      const compile = ({ steps }: Region): Executable => ({
        variant: `${steps.length} at once`,
        run: ([x]) => [
          tensor(
            'uint8',
            (x!.data as Uint8Array).map((code) => code + steps.length),
          ),
        ],
        dispose: () => void log.push('disposed'),
      });
      return { ...(await small.create()), compile };
    },
  };
}

describe('compile', () => {
  it('runs steps as one, checks each run, and is disposed once', async () => {
    const log: string[] = [];
    const backend = await openBackend(compiling(log));
    const executable = backend.compile(region) as Executable;
    expect(executable.variant).toBe('3 at once');
    const x = tensor('uint8', [1, 2, 3, 4]);
    const [y] = await executable.run([x]);
    expect([...y!.data]).toEqual([4, 5, 6, 7]);
    expect(await codeOf(() => executable.run([]))).toBe('HT_INVALID_ARGUMENT');
    expect(await codeOf(() => executable.run([tensor('int8', [1, 2, 3, 4])]))).toBe('HT_DTYPE_MISMATCH');
    expect(await codeOf(() => executable.run([tensor('uint8', [1, 2])]))).toBe('HT_SHAPE_MISMATCH');
    const short = { dtype: 'uint8', shape: [4], data: new Uint8Array(2) } as const;
    expect(await codeOf(() => executable.run([short]))).toBe('HT_SHAPE_MISMATCH');
    executable.dispose();
    executable.dispose();
    expect(log).toEqual(['disposed']);
    expect(await codeOf(() => executable.run([x]))).toBe('HT_DISPOSED');
    await backend.dispose();
    expect(await codeOf(() => backend.compile(region))).toBe('HT_DISPOSED');
  });

  it('says so where steps run one by one', async () => {
    const backend = await openBackend(small);
    expect('reason' in backend.compile(region)).toBe(true);
  });

  it('refuses a step that does not run here', async () => {
    const backend = await openBackend(compiling([]));
    const negate: RegionStep = {
      op: 'unary',
      spec: { function: 'neg', shape: [4] },
      inputs: { x: 0 },
      outputs: { y: 1 },
    };
    const floats = { dtype: 'float32', shape: [4] } as const;
    const one: Region = { values: [floats, floats], inputs: [0], outputs: [1], steps: [negate] };
    expect(await codeOf(() => backend.compile(one))).toBe('HT_UNSUPPORTED');
  });

  const wrong = (change: Partial<Region>): Region => ({ ...region, ...change });
  it.each<[string, Region, string]>([
    [
      'reads a value before it is there',
      wrong({ steps: [step(1, 2), step(0, 1), step(2, 3)] }),
      'HT_INVALID_ARGUMENT',
    ],
    ['writes a value twice', wrong({ steps: [step(0, 1), step(0, 1), step(1, 3)] }), 'HT_INVALID_ARGUMENT'],
    ['writes an input', wrong({ steps: [step(0, 0)] }), 'HT_INVALID_ARGUMENT'],
    ['gives what no step made', wrong({ outputs: [0] }), 'HT_INVALID_ARGUMENT'],
    ['gives a value twice', wrong({ outputs: [3, 3] }), 'HT_INVALID_ARGUMENT'],
    ['names a value that is not there', wrong({ inputs: [7] }), 'HT_INVALID_ARGUMENT'],
    [
      'has a value of another type',
      wrong({ values: [{ ...codes, dtype: 'int8' }, codes, codes, codes] }),
      'HT_DTYPE_MISMATCH',
    ],
    [
      'has a value of another size',
      wrong({ values: [codes, { ...codes, shape: [5] }, codes, codes] }),
      'HT_SHAPE_MISMATCH',
    ],
    [
      'has a constant that does not fill its shape',
      wrong({ steps: [step({ ...codes, data: new Uint8Array(3) }, 3)] }),
      'HT_SHAPE_MISMATCH',
    ],
    ['lacks an operand', wrong({ steps: [{ ...step(0, 3), inputs: { x: 0 } }] }), 'HT_INVALID_ARGUMENT'],
    [
      'has an operand too many',
      wrong({ steps: [{ ...step(0, 3), inputs: { x: 0, table, z: 0 } }] }),
      'HT_INVALID_ARGUMENT',
    ],
  ])('refuses a region that %s', async (_, bad, code) => {
    const backend = await openBackend(compiling([]));
    expect(await codeOf(() => backend.compile(bad))).toBe(code);
  });
});

describe('planArena', () => {
  const overlap = (plan: ReturnType<typeof planArena>, a: number, b: number, size: number): boolean =>
    Math.abs(plan.offsets[a]! - plan.offsets[b]!) < size;

  it('gives the memory of a value to a later one, and never two values one place at a time', () => {
    const plan = planArena(region, 16, new Set([0, 3]));
    expect(plan.offsets[0]).toBeUndefined();
    expect(plan.offsets[3]).toBeUndefined();
    expect(overlap(plan, 1, 2, 16)).toBe(false);
    expect(plan.byteLength).toBe(32);
    // In a chain only neighbours live at once.
    const long: Region = {
      values: Array.from({ length: 11 }, () => codes),
      inputs: [0],
      outputs: [10],
      steps: Array.from({ length: 10 }, (_, i) => step(i, i + 1)),
    };
    expect(planArena(long, 64, new Set()).byteLength).toBe(128);
  });

  it('keeps inputs and outputs that are inside as long as they are needed', () => {
    const early: Region = { ...region, outputs: [1, 3] };
    const plan = planArena(early, 4, new Set());
    for (const other of [2, 3]) expect(overlap(plan, 1, other, 4)).toBe(false);
    const late: Region = {
      ...region,
      steps: [step(0, 1), step(1, 2), step(0, 3)],
    };
    const kept = planArena(late, 4, new Set());
    for (const other of [1, 2, 3]) expect(overlap(kept, 0, other, 4)).toBe(false);
  });

  it('puts small values into the gaps between large ones', () => {
    const of = (size: number) => ({ dtype: 'uint8', shape: [size] }) as const;
    // Value 2 outlives 1, and 3 fits where 1 was.
    const gaps: Region = {
      values: [of(4), of(64), of(64), of(32), of(4)],
      inputs: [0],
      outputs: [4],
      steps: [
        { ...step(0, 1), inputs: { x: 0 } },
        { ...step(1, 2), inputs: { x: 1 } },
        { ...step(2, 3), inputs: { x: 2 } },
        { ...step(3, 4), inputs: { x: 2, z: 3 } },
      ],
    };
    expect(planArena(gaps, 4, new Set([0, 4])).byteLength).toBe(128);
  });
});
