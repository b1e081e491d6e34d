// The addon as TypeScript sees it. Every call checks its arguments again on the other side.
import type { TypedArray } from '@halftone/core';

type Codes = Int8Array | Uint8Array;

export interface Engine {
  readonly isa: string;
  close(): void;
  quantize(
    x: Float32Array,
    scale: Float32Array,
    zeroPoint: Codes,
    y: Codes,
    outer: number,
    channels: number,
    inner: number,
    signed: boolean,
  ): void;
  /** kind: 0 uint8, 1 int8, 2 int32, which has no zero point. */
  dequantize(
    x: Codes | Int32Array,
    scale: Float32Array,
    zeroPoint: Codes | null,
    y: Float32Array,
    outer: number,
    channels: number,
    inner: number,
    kind: 0 | 1 | 2,
  ): void;
  requantize(
    x: Int32Array,
    multiplier: Float32Array,
    y: Codes,
    outer: number,
    channels: number,
    inner: number,
    zeroPoint: Codes,
    lo: number,
    hi: number,
  ): void;
  /** runs: [start of a, its step, start of b, its step, count] for each stretch of the result. */
  pairwise(
    multiply: boolean,
    a: Codes,
    b: Codes,
    y: Codes,
    factors: Float32Array,
    signed: boolean,
    lo: number,
    hi: number,
    runs: Int32Array,
  ): void;
  dynamicQuantize(x: Float32Array, y: Uint8Array, scale: Float32Array, zeroPoint: Uint8Array): void;
  lookup(x: Codes, table: Codes, y: Codes, signed: boolean): void;
  /** geometry: n, h, w, c, kernel, strides, top and left pad, dilations, first channel, channels, height and width of the result. */
  im2col(x: Codes, zeroPoint: Codes, y: Codes, geometry: Int32Array): void;
}

export interface PackedMatrix {
  readonly byteLength: number;
  fill(codes: Codes): void;
  dispose(): void;
}

interface PreparedProduct {
  readonly variant: string;
  run(
    packed: PackedMatrix,
    a: Codes,
    aZeroPoint: Codes,
    bZeroPoint: Codes,
    bias: Int32Array | Float32Array | null,
    multiplier: Float32Array | null,
    zeroPoint: Codes | null,
    lo: number,
    hi: number,
    y: Codes | Int32Array | Float32Array,
    index: number,
  ): void;
  dispose(): void;
}

export interface PackedBits {
  readonly byteLength: number;
  fill(bits: Uint8Array): void;
  dispose(): void;
}

interface PreparedBinary {
  readonly variant: string;
  run(packed: PackedBits, a: Codes, y: Int32Array): void;
  dispose(): void;
}

interface PreparedTopK {
  run(x: TypedArray, values: TypedArray, indices: TypedArray): void;
  dispose(): void;
}

export interface PackedBlocks {
  readonly byteLength: number;
  fill(codes: Codes, scale: Float32Array, zeroPoint: Codes): void;
  dispose(): void;
}

interface PreparedBlockGemm {
  readonly variant: string;
  run(packed: PackedBlocks, a: Float32Array, bias: Float32Array | null, y: Float32Array): void;
  dispose(): void;
}

export interface PackedFilters {
  readonly byteLength: number;
  dispose(): void;
}

interface PreparedConv {
  readonly variant: string;
  run(
    filters: PackedFilters,
    x: Codes,
    xZeroPoint: Codes,
    wZeroPoint: Codes,
    bias: Int32Array | Float32Array | null,
    multiplier: Float32Array | null,
    zeroPoint: Codes | null,
    lo: number,
    hi: number,
    y: Codes | Int32Array | Float32Array,
  ): void;
  dispose(): void;
}

/** Calls that were recorded once and are done again in one. */
export interface Program {
  /** The bytes that recorded calls may use beside the arrays of a run; given once. */
  memory(): ArrayBuffer;
  /** Calls of the engine are recorded from here to `finish`; `arrays` stand for those that each run brings. */
  record(arrays: readonly TypedArray[]): void;
  finish(): void;
  /** Gives the number of calls. */
  run(arrays: readonly TypedArray[]): number;
  dispose(): void;
}

export interface Addon {
  readonly Engine: new (isa: string, threads: number) => Engine;
  readonly PackedMatrix: new (
    engine: Engine,
    codes: Codes,
    n: number,
    k: number,
    transposed: boolean,
    signed: boolean,
  ) => PackedMatrix;
  readonly PreparedProduct: new (
    engine: Engine,
    m: number,
    n: number,
    k: number,
    aSigned: boolean,
    bSigned: boolean,
    output: number,
    zeroPerColumn: boolean,
    multiplierPerColumn: boolean,
  ) => PreparedProduct;
  readonly PackedBits: new (engine: Engine, bits: Uint8Array, n: number, k: number) => PackedBits;
  readonly PreparedBinary: new (engine: Engine, m: number, n: number, k: number) => PreparedBinary;
  /** kind: 0 uint8, 1 int8, 2 int32, 3 float32. */
  readonly PreparedTopK: new (
    engine: Engine,
    outer: number,
    extent: number,
    inner: number,
    k: number,
    largest: boolean,
    kind: 0 | 1 | 2 | 3,
  ) => PreparedTopK;
  readonly PackedBlocks: new (
    codes: Codes,
    scale: Float32Array,
    zeroPoint: Codes,
    n: number,
    k: number,
    block: number,
    bits: 4 | 8,
    rows: boolean,
    signed: boolean,
  ) => PackedBlocks;
  /** computation: 0 int8-block, 1 dequant-f32, 2 bf16. */
  readonly PreparedBlockGemm: new (
    engine: Engine,
    m: number,
    n: number,
    k: number,
    block: number,
    bits: 4 | 8,
    computation: 0 | 1 | 2,
  ) => PreparedBlockGemm;
  /** window: see windowOf; lasting: the form may be one that only these values allow. */
  readonly PackedFilters: new (
    engine: Engine,
    codes: Codes,
    zeroPoints: Codes,
    window: Int32Array,
    outputs: number,
    groups: number,
    signed: boolean,
    zeroPerColumn: boolean,
    lasting: boolean,
  ) => PackedFilters;
  readonly PreparedConv: new (
    engine: Engine,
    filters: PackedFilters,
    xSigned: boolean,
    output: number,
    multiplierPerColumn: boolean,
  ) => PreparedConv;
  readonly Program: new (engine: Engine, bytes: number) => Program;
  /** axes: [extent, elements of x from one to the next] of each axis of y, from the outermost on. */
  transpose(engine: Engine, x: TypedArray, y: TypedArray, axes: Int32Array): void;
  /** Codes of 2 to 16 bits, parameters of blocks (0: none); kind: 0 uint8, 1 int8, 2 uint16, 3 int16. */
  quantizeForm(
    engine: Engine,
    x: Float32Array,
    scale: Float32Array,
    zeroPoint: TypedArray,
    y: TypedArray,
    outer: number,
    channels: number,
    inner: number,
    block: number,
    kind: number,
    lo: number,
    hi: number,
  ): void;
  /** kind 4: int32, without a zero point. */
  dequantizeForm(
    engine: Engine,
    x: TypedArray,
    scale: Float32Array,
    zeroPoint: TypedArray | null,
    y: Float32Array,
    outer: number,
    channels: number,
    inner: number,
    block: number,
    kind: number,
  ): void;
  /** mode: see fixedModes. */
  requantizeFixed(
    engine: Engine,
    x: Int32Array,
    multiplier: Int32Array,
    shift: Int32Array,
    y: Codes,
    outer: number,
    channels: number,
    inner: number,
    block: 0,
    mode: number,
    zeroPoint: Codes,
    lo: number,
    hi: number,
  ): void;
  qsoftmax(
    engine: Engine,
    x: Codes,
    table: Int32Array,
    multiplier: Int32Array,
    shift: Int32Array,
    y: Codes,
    outer: number,
    extent: number,
    inner: number,
    mode: number,
    zeroPoint: Codes,
    lo: number,
    hi: number,
  ): void;
  maxPool(engine: Engine, x: Codes, y: Codes, window: Int32Array, signed: boolean): void;
  averagePool(
    engine: Engine,
    x: Codes,
    xZeroPoint: Codes,
    multiplier: Float32Array,
    y: Codes,
    window: Int32Array,
    zeroPoint: Codes,
    lo: number,
    hi: number,
    countBorder: boolean,
  ): void;
  /** Bytes that are aligned for vectors, of unspecified contents. */
  allocate(bytes: number): ArrayBuffer;
  release(buffer: ArrayBuffer): void;
  /** Names of the tiers that run here, the best one last. */
  isas(): string[];
}
