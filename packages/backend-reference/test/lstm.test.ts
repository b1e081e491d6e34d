import { sigmoid, tanh } from '@halftone/core';
import { expect, it } from 'vitest';
import { run } from './support.ts';

const { fround } = Math;
const spec = { steps: 2, batch: 1, input: 1, hidden: 1, reverse: false, bias: true, peephole: true };
const operands = {
  x: [0.5, -1],
  w: [0.25, -0.5, 0.75, 1],
  r: [0.125, 0.5, -0.25, 0.5],
  bias: [0.1, 0.2, 0.3, 0.4, 0, 0, 0.5, -0.5].map(fround),
  peephole: [0.5, -0.25, 0.125],
  h0: [0.25],
  c0: [-0.5],
};

/** One step by hand: gates in the order i, o, f, c, o seeing the new cell. */
function step(x: number, h: number, c: number): [h: number, c: number] {
  const { w, r, bias, peephole } = operands;
  const of = (gate: number, cell: number): number =>
    fround(x * w[gate]! + h * r[gate]! + bias[gate]! + bias[4 + gate]! + cell);
  const i = fround(sigmoid(of(0, peephole[0]! * c)));
  const f = fround(sigmoid(of(2, peephole[2]! * c)));
  const g = fround(tanh(of(3, 0)));
  const next = fround(fround(f * c) + fround(i * g));
  const o = fround(sigmoid(of(1, peephole[1]! * next)));
  return [fround(o * fround(tanh(next))), next];
}

it('lstm runs from the first step, or from the last', async () => {
  const [h1, c1] = step(0.5, 0.25, -0.5);
  const [h2, c2] = step(-1, h1, c1);
  const forward = await run('lstm', spec, operands);
  expect([forward['y'], forward['h'], forward['c']].map((v) => Array.from(v!))).toEqual([
    [h1, h2],
    [h2],
    [c2],
  ]);
  const backward = await run('lstm', { ...spec, reverse: true }, operands);
  const [b1, d1] = step(-1, 0.25, -0.5);
  const [b2] = step(0.5, b1, d1);
  expect(Array.from(backward['y']!)).toEqual([b2, b1]);
});
