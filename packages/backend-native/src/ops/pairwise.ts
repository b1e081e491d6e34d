// qadd: t = fround(fround(c0 + fround(a * ra)) + fround(b * rb)). qmul: t = fround(fround((a - za) * (b - zb) * m) + zy).
// y = saturate(roundHalfEven(t)); shapes broadcast as ONNX's do.
import { type PreparedHostOp, type QAddSpec, type QMulSpec, sizeOf, stridesOf } from '@halftone/core';
import type { Engine } from '../native.ts';
import { codes, floats, limits } from './shared.ts';

/** Stretches that a broadcast falls into at most: more of them are left to the next backend. */
const MOST_RUNS = 65536;

export function qadd(engine: Engine): PreparedHostOp<QAddSpec> {
  return pairwise(engine, 'qadd', false);
}

export function qmul(engine: Engine): PreparedHostOp<QMulSpec> {
  return pairwise(engine, 'qmul', true);
}

function pairwise(engine: Engine, name: string, multiply: boolean): PreparedHostOp<QAddSpec | QMulSpec> {
  return {
    supports(spec) {
      if (spec.mode !== 'ort-x86') return { reason: `mode ${spec.mode} is not supported` };
      const { outer } = mergedAxes(spec.aShape, spec.bShape);
      return (
        sizeOf(outer.map(({ extent }) => extent)) <= MOST_RUNS || { reason: 'the broadcast is too scattered' }
      );
    },
    prepare({ aShape, bShape, dtype, clamp }) {
      const runs = runsOf(aShape, bShape);
      const [lo, hi] = limits(dtype, clamp);
      return {
        variant: `${name}_${engine.isa}`,
        run: (io) =>
          engine.pairwise(
            multiply,
            codes(io, 'a'),
            codes(io, 'b'),
            codes(io, 'y'),
            floats(io, 'factors'),
            dtype === 'int8',
            lo,
            hi,
            runs,
          ),
      };
    },
  };
}

/** An axis of the result, with the distance of its indices in each operand: 0 where that is broadcast. */
interface Axis {
  readonly extent: number;
  readonly a: number;
  readonly b: number;
}

/** The last axis, along which operands are dense or one value, and those before it; neighbours that go on alike are one. */
function mergedAxes(aShape: readonly number[], bShape: readonly number[]): { outer: Axis[]; inner: Axis } {
  const rank = Math.max(aShape.length, bShape.length);
  const [a, b] = [aShape, bShape].map((shape) => [
    ...new Array<number>(rank - shape.length).fill(1),
    ...shape,
  ]) as [number[], number[]];
  const [aStrides, bStrides] = [stridesOf(a), stridesOf(b)];
  const axes: Axis[] = [];
  for (let axis = rank - 1; axis >= 0; axis--) {
    const extent = a[axis] === 1 ? b[axis]! : a[axis]!;
    if (extent === 1) continue;
    const next: Axis = {
      extent,
      a: a[axis] === 1 ? 0 : aStrides[axis]!,
      b: b[axis] === 1 ? 0 : bStrides[axis]!,
    };
    const last = axes[0];
    if (last && next.a === last.a * last.extent && next.b === last.b * last.extent)
      axes[0] = { ...last, extent: last.extent * extent };
    else axes.unshift(next);
  }
  const inner = axes.pop() ?? { extent: 1, a: 0, b: 0 };
  return { outer: axes, inner };
}

function runsOf(aShape: readonly number[], bShape: readonly number[]): Int32Array {
  const { outer, inner } = mergedAxes(aShape, bShape);
  const runs: number[] = [];
  const walk = (axis: number, aStart: number, bStart: number): void => {
    const here = outer[axis];
    if (here === undefined) {
      runs.push(aStart, inner.a, bStart, inner.b, inner.extent);
      return;
    }
    for (let i = 0; i < here.extent; i++) walk(axis + 1, aStart + i * here.a, bStart + i * here.b);
  };
  walk(0, 0, 0);
  return Int32Array.from(runs);
}
