import { HalftoneError } from '../errors.ts';

/** Shape of an elementwise result of two operands, by ONNX's (numpy's) rules. Throws HT_SHAPE_MISMATCH. */
export function broadcastShape(op: string, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const da = a[i - rank + a.length] ?? 1;
    const db = b[i - rank + b.length] ?? 1;
    if (da !== db && da !== 1 && db !== 1) {
      throw new HalftoneError(
        'HT_SHAPE_MISMATCH',
        `${op}: [${a.join(', ')}] and [${b.join(', ')}] do not broadcast: axis ${i} has ${da} and ${db}`,
        { op, a, b },
      );
    }
    shape.push(da === 1 ? db : da);
  }
  return shape;
}

/** Element strides of an operand inside a broadcast result: 0 along the axes that it repeats. */
export function broadcastStrides(operand: readonly number[], result: readonly number[]): number[] {
  const strides = new Array<number>(result.length).fill(0);
  let stride = 1;
  for (let i = operand.length - 1; i >= 0; i--) {
    const extent = operand[i]!;
    if (extent !== 1) strides[i + result.length - operand.length] = stride;
    stride *= extent;
  }
  return strides;
}
