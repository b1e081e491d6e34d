// Stands for your own embeddings: 1,000 vectors of 384 numbers, and a query that is number 42 with noise.
import { tensor } from 'halftone';

export const [count, width] = [1000, 384];

const noise = (i) => Math.imul(Math.imul(i ^ (i >>> 9), 0x85ebca6b) ^ (i << 5), 0xc2b2ae35) / 2 ** 31;
const numbers = Float32Array.from({ length: count * width }, (_, i) => noise(i + 1));

export const vectors = tensor('float32', numbers, [count, width]);
export const query = tensor(
  'float32',
  numbers.slice(42 * width, 43 * width).map((x, i) => x + noise(i + 1e6) / 2),
  [1, width],
);
