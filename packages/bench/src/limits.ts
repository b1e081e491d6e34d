// What the hardware allows at most: an upper bound for every figure, and the measure of how much is left.
import type { Environment } from './host.ts';
import type { Work } from './work.ts';

/** What this machine can do, measured when the benchmark starts. */
export interface MachineLimits {
  /** Clock of one core, from a chain of multiplications of three cycles each; undefined where they take another time. */
  readonly clockGhz?: number;
  /** Bytes a second, read and written, of copying within a working set of so many bytes; ascending. */
  readonly copy: readonly { readonly bytes: number; readonly bytesPerSecond: number }[];
}

/** Widest first: multiplications and additions of 8-bit integers in one cycle of one core, and what says that it is there. */
const units = [
  { name: 'amx', flag: 'amx_int8', perCycle: 2048 },
  { name: 'avx512vnni', flag: 'avx512_vnni', perCycle: 256 },
  { name: 'avxvnni', flag: 'avx_vnni', perCycle: 128 },
  { name: 'avx2', flag: 'avx2', perCycle: 48 },
] as const;

/** The least time that work can take, and what sets it. */
export interface Limit {
  readonly ms: number;
  readonly by: 'compute' | 'memory';
  /** Integer unit whose width was counted. */
  readonly unit?: string;
}

/**
 * The bound for work on this machine: the unit that the kernel's name ends with, or the widest there is, on each thread;
 * and the rate of copying. Undefined where neither is known. Roofline model, Williams et al. 2009.
 */
export function limitOf(
  work: Work,
  { clockGhz, copy }: MachineLimits,
  { cpu }: Environment,
  threads: number,
  variant = '',
): Limit | undefined {
  const there = units.filter(({ flag }) => cpu.flags.includes(flag) && /intel/i.test(cpu.model ?? ''));
  const unit = there.find(({ name }) => variant.endsWith(`_${name}`)) ?? there[0];
  const compute =
    unit && clockGhz !== undefined ? work.operations / (unit.perCycle * clockGhz * 1e6 * threads) : 0;
  const { bytesPerSecond = Infinity } = copy.find(({ bytes }) => bytes >= work.bytes) ?? copy.at(-1) ?? {};
  const memory = (work.bytes / bytesPerSecond) * 1000;
  if (unit && compute > memory) return { ms: compute, by: 'compute', unit: unit.name };
  // How fast several cores copy was not measured, nor how fast one only reads, as products do that are bound by memory.
  return threads === 1 && memory > 0 && work.operations === 0 ? { ms: memory, by: 'memory' } : undefined;
}

/** Least milliseconds of several tries. */
function fastest(tries: number, work: () => void): number {
  let least = Infinity;
  for (let i = 0; i < tries; i++) {
    const start = performance.now();
    work();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

const CHAIN = 300000;
const CYCLES = 3;

/** Each product waits for the one before; the result is used, so that none is left out. */
function chain(length: number, factor: number): number {
  let x = 1;
  for (let i = 0; i < length; i += 10) {
    x = Math.imul(x, factor);
    x = Math.imul(x, factor);
    x = Math.imul(x, factor);
    x = Math.imul(x, factor);
    x = Math.imul(x, factor);
    x = Math.imul(x, factor);
    x = Math.imul(x, factor);
    x = Math.imul(x, factor);
    x = Math.imul(x, factor);
    x = Math.imul(x, factor);
  }
  return x;
}

/** Measures clock and copying; a tenth of a second. */
export function measureLimits({ arch }: Pick<Environment, 'arch'>): MachineLimits {
  let sink = 0;
  for (let i = 0; i < 20; i++) sink ^= chain(CHAIN / 10, 5);
  const ms = fastest(20, () => {
    sink ^= chain(CHAIN, 5);
  });
  const copy = [];
  for (let bytes = 1 << 16; bytes <= 1 << 27; bytes *= 2) {
    const from = new Uint8Array(bytes / 2).fill(sink);
    const to = new Uint8Array(bytes / 2);
    const times = Math.max(1, (1 << 21) / bytes);
    const taken = fastest(bytes > 1 << 24 ? 4 : 8, () => {
      for (let i = 0; i < times; i++) to.set(from);
    });
    copy.push({ bytes, bytesPerSecond: (bytes * times * 1000) / taken });
  }
  // On x86 a 32-bit product takes three cycles; other CPUs differ.
  return arch === 'x64' ? { clockGhz: (CHAIN * CYCLES) / ms / 1e6, copy } : { copy };
}
