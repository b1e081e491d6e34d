import { sizeOf, stridesOf } from '../tensor.ts';

/** Stretches that a broadcast falls into at most. */
const MOST_RUNS = 65536;

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

/**
 * A broadcast of two operands as stretches in the order of the result: [start of a, its step, start of b, its step, count]
 * each, steps 0 or 1. Undefined where there are more than 65,536 of them.
 */
export function broadcastRuns(aShape: readonly number[], bShape: readonly number[]): Int32Array | undefined {
  const { outer, inner } = mergedAxes(aShape, bShape);
  if (sizeOf(outer.map(({ extent }) => extent)) > MOST_RUNS) return undefined;
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
