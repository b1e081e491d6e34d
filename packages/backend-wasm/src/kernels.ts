import type { Heap } from './heap.ts';

/** The functions of a module, whose addresses are bytes of its memory. */
export interface Kernels {
  /** Where memory that is not the module's own begins. */
  heapBase(): number;
  /** Runs a call to its end. */
  run(call: number): void;
  /** Runs calls whose addresses stand one behind the other. */
  runAll(calls: number, count: number): void;
  packedBytes(k: number, n: number): number;
  scratchBytes(k: number, n: number): number;
  dotsScratchBytes(k: number): number;
  convScratchBytes(k: number, outputs: number): number;
  winogradBytes(c: number, outputs: number): number;
  winogradScratchBytes(c: number): number;
  blockPackedBytes(n: number, k: number, block: number, bits: number): number;
  blockScratchBytes(m: number, k: number, block: number, floats: number): number;
  packedSignBytes(n: number, k: number): number;
  signScratchBytes(m: number, k: number): number;
  topKScratchBytes(extent: number, inner: number, k: number): number;
  packedChannelBytes(c: number, kernelH: number, kernelW: number): number;
  channelScratchBytes(
    c: number,
    kernelH: number,
    kernelW: number,
    strideW: number,
    dilationW: number,
    outW: number,
  ): number;
  /** These are there where memory is shared: where threads meet, their life, and its end. */
  meetAt?(address: number): void;
  work?(): void;
  stop?(): void;
}

/** How kernels compute products: by int16 everywhere, or by relaxed dot products of bytes. */
export type Build = 'simd' | 'relaxed';

/** An instance of a module with its memory. */
export interface Machine {
  readonly kernels: Kernels;
  readonly heap: Heap;
  readonly build: Build;
  /** Threads that take parts of a call, the calling one among them. */
  readonly threads: number;
}

/** Parts for each thread: one that comes late then leaves less to wait for. */
const PARTS = 2;

/** Into how many parts work is cut: none smaller than `least`. */
export function partsOf({ threads }: Machine, work: number, least: number): number {
  if (threads === 1) return 1;
  return Math.max(1, Math.min(threads * PARTS, Math.floor(work / least)));
}
