import { broadcastShape, broadcastStrides } from '../ops/broadcast.ts';

/** One run of a broadcast result along its last axis: where each operand begins, and its step, 0 where it repeats. */
export type VisitRow = (
  aAt: number,
  aStep: number,
  bAt: number,
  bStep: number,
  yAt: number,
  length: number,
) => void;

interface Axis {
  readonly extent: number;
  readonly a: number;
  readonly b: number;
}

/** Calls `visit` for the runs of the result of two broadcast operands, in order of memory. */
export function forEachBroadcastRow(
  op: string,
  aShape: readonly number[],
  bShape: readonly number[],
  visit: VisitRow,
): void {
  const axes = mergedAxes(op, aShape, bShape);
  const inner = axes.pop() ?? { extent: 1, a: 1, b: 1 };
  let y = 0;
  const walk = (axis: number, a: number, b: number): void => {
    const outer = axes[axis];
    if (outer === undefined) {
      visit(a, inner.a, b, inner.b, y, inner.extent);
      y += inner.extent;
      return;
    }
    for (let i = 0; i < outer.extent; i++) walk(axis + 1, a + i * outer.a, b + i * outer.b);
  };
  walk(0, 0, 0);
}

/** Axes of the result; neighbours that both operands walk as one are one, so that runs are long. */
function mergedAxes(op: string, aShape: readonly number[], bShape: readonly number[]): Axis[] {
  const shape = broadcastShape(op, aShape, bShape);
  const aStrides = broadcastStrides(aShape, shape);
  const bStrides = broadcastStrides(bShape, shape);
  const axes: Axis[] = [];
  for (let i = 0; i < shape.length; i++) {
    const extent = shape[i]!;
    if (extent === 1) continue;
    const axis = { extent, a: aStrides[i]!, b: bStrides[i]! };
    const last = axes.at(-1);
    if (last && last.a === axis.a * extent && last.b === axis.b * extent) {
      axes[axes.length - 1] = { extent: last.extent * extent, a: axis.a, b: axis.b };
    } else axes.push(axis);
  }
  return axes;
}
