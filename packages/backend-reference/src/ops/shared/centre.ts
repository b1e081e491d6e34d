import { type Codes, each } from './operands.ts';

/** Codes less their zero point. Differences of 8-bit codes fit 16 bits: one array type for either signedness keeps inner loops fast. */
export function centre(x: Codes, zeroPoint: number): Int16Array {
  const out = new Int16Array(x.length);
  for (let i = 0; i < x.length; i++) out[i] = x[i]! - zeroPoint;
  return out;
}

/** `centre` for a matrix whose rows have a zero point each, or all one. */
export function centreRows(x: Codes, rows: number, zeroPoints: Codes): Int16Array {
  const out = new Int16Array(x.length);
  const length = x.length / rows;
  for (let row = 0, i = 0; row < rows; row++) {
    const zeroPoint = each(zeroPoints, row);
    for (const end = i + length; i < end; i++) out[i] = x[i]! - zeroPoint;
  }
  return out;
}
