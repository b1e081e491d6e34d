import { approximations, decompose } from './q31.ts';
import { dequantize, quantize, table } from './qmn.ts';

/**
 * Fixed point in its two uses: a real multiplier as an integer and a shift (`decompose`, `approximations`), and numbers
 * whose step is a power of two, Qm.n (`quantize`, `dequantize`, `table`).
 */
export const fixedPoint: {
  readonly decompose: typeof decompose;
  readonly approximations: typeof approximations;
  readonly quantize: typeof quantize;
  readonly dequantize: typeof dequantize;
  readonly table: typeof table;
} = Object.freeze({ decompose, approximations, quantize, dequantize, table });
