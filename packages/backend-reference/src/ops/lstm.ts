// i, f = sigmoid(..), g = tanh(..), c' = f * c + i * g, o = sigmoid(..), h' = o * tanh(c'); see core's op
import { type HostIO, type LstmSpec, sigmoid, tanh } from '@halftone/core';
import { floats } from './shared/operands.ts';

const { fround } = Math;

/** One direction of a long short-term memory. */
export function lstm(spec: LstmSpec, io: HostIO): void {
  const { steps, batch, input, hidden } = spec;
  const x = floats(io, 'x');
  const [w, r] = [floats(io, 'w'), floats(io, 'r')];
  const bias = spec.bias ? floats(io, 'bias') : new Float32Array(8 * hidden);
  const peephole = spec.peephole ? floats(io, 'peephole') : new Float32Array(3 * hidden);
  const [y, h, c] = [floats(io, 'y'), floats(io, 'h'), floats(io, 'c')];
  h.set(floats(io, 'h0'));
  c.set(floats(io, 'c0'));
  const before = new Float32Array(hidden);
  for (let s = 0; s < steps; s++) {
    const t = spec.reverse ? steps - 1 - s : s;
    for (let b = 0; b < batch; b++) {
      const at = (t * batch + b) * input;
      const own = b * hidden;
      before.set(h.subarray(own, own + hidden));
      /** What a gate's function is applied to, for unit j; `cell` is what the peephole sees. */
      const argument = (gate: number, j: number, cell: number): number => {
        const row = gate * hidden + j;
        let sum = 0;
        for (let k = 0; k < input; k++) sum += x[at + k]! * w[row * input + k]!;
        for (let k = 0; k < hidden; k++) sum += before[k]! * r[row * hidden + k]!;
        return fround(sum + bias[row]! + bias[4 * hidden + row]! + cell);
      };
      for (let j = 0; j < hidden; j++) {
        const cell = c[own + j]!;
        const i = fround(sigmoid(argument(0, j, peephole[j]! * cell)));
        const f = fround(sigmoid(argument(2, j, peephole[2 * hidden + j]! * cell)));
        const g = fround(tanh(argument(3, j, 0)));
        const next = fround(fround(f * cell) + fround(i * g));
        const o = fround(sigmoid(argument(1, j, peephole[hidden + j]! * next)));
        c[own + j] = next;
        h[own + j] = o * fround(tanh(next));
        y[(t * batch + b) * hidden + j] = h[own + j]!;
      }
    }
  }
}
