// Mistakes at the ends of arrays, in one block of memory.
import type { HostOp, OpName, OpSpecs } from '@halftone/core';
import { arena, writePast } from './arena.ts';
import { type Mutant, type Ops, right } from './mutate.ts';

/** A mutant of one op in an arena. */
function past<O extends OpName>(
  op: O,
  name: string,
  bug: string,
  breaks: readonly string[],
  run: HostOp<OpSpecs[O]>,
): Mutant {
  return { name: `${op}: ${name}`, bug, ops: breaks, provider: arena({ [op]: run } as Partial<Ops>) };
}

/** Whole vectors of `width` elements are stored, the last one past the end. */
function vectors<O extends OpName>(op: O, width: number): Mutant {
  return past(
    op,
    `stores vectors of ${width}`,
    'the last vector is stored whole',
    ['law/guards'],
    (spec, io) => {
      (right[op] as HostOp<OpSpecs[O]>)(spec, io);
      const y = io['y']!;
      const rest = y.data.length % width;
      if (rest > 0) writePast(y, y.data.length, width - rest, 0);
    },
  );
}

/** Mistakes with the ends of tensors. */
export const bounds: readonly Mutant[] = [
  ...(
    [
      'quantize',
      'dequantize',
      'requantize',
      'qgemm',
      'qconv2d',
      'lut256',
      'qmaxpool',
      'qadd',
      'unary',
      'gemm',
    ] as const
  ).flatMap((op) => [vectors(op, 16), vectors(op, 64)]),
  past(
    'qgemm',
    'stores tiles of 4 rows',
    'the last tile of rows is stored whole',
    ['law/guards'],
    (spec, io) => {
      right.qgemm(spec, io);
      const rest = spec.m % 4;
      const y = io['y']!;
      if (rest > 0) writePast(y, y.data.length, (4 - rest) * spec.n, 0);
    },
  ),
  past(
    'qgemm',
    'stores tiles of 16 columns',
    'the last tile of columns is stored whole',
    ['law/guards'],
    (spec, io) => {
      right.qgemm(spec, io);
      const rest = spec.n % 16;
      const y = io['y']!;
      if (rest > 0 && spec.m > 0) writePast(y, y.data.length, 16 - rest, 0);
    },
  ),
  past('dequantize', 'stores one past the end', 'the loop ends at <= n', ['law/guards'], (spec, io) => {
    right.dequantize(spec, io);
    writePast(io['y']!, io['y']!.data.length, 1, 0);
  }),
  past('dequantize', 'stores before the beginning', 'an index of -1', ['law/guards'], (spec, io) => {
    right.dequantize(spec, io);
    writePast(io['y']!, -1, 1, 0);
  }),
  past(
    'qgemm',
    'pads A in place',
    'the rest of K is filled with the zero point behind A',
    ['law/guards'],
    (spec, io) => {
      right.qgemm(spec, io);
      const rest = spec.k % 4;
      if (rest > 0) writePast(io['a']!, io['a']!.data.length, 4 - rest, 1);
    },
  ),
  {
    name: 'gives too little memory',
    bug: 'sizes are rounded down to whole words',
    ops: ['law/guards', 'law/aliasing', 'law/copies'],
    provider: arena({}, { reserve: (bytes) => Math.max(8, Math.floor(bytes / 8) * 8) }),
  },
  {
    name: 'frees twice',
    bug: 'a block that is disposed twice is given to two tensors',
    ops: ['law/aliasing', 'law/endings', 'law/counters'],
    provider: arena({}, { freesTwice: true }),
  },
];
