import {
  codeRange,
  type CodeType,
  HalftoneError,
  type HostIO,
  type PackedWeights,
  sizeOf,
  type Tensor,
  windowOutput,
  type WindowSpec,
} from '@halftone/core';

export type Codes = Int8Array | Uint8Array;

export function codes(io: HostIO, name: string): Codes {
  return io[name]!.data as Codes;
}

export function floats(io: HostIO, name: string): Float32Array {
  return io[name]!.data as Float32Array;
}

export function ints(io: HostIO, name: string): Int32Array {
  return io[name]!.data as Int32Array;
}

/** A tensor as [outer, channels, inner]: parameters belong to the indices of `axis`, or one to all. */
export function channelsOf(
  shape: readonly number[],
  axis: number | undefined,
): readonly [outer: number, channels: number, inner: number] {
  if (axis === undefined) return [1, 1, sizeOf(shape)];
  return [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))];
}

/** The lowest and highest code that an op may give. */
export function limits(
  dtype: CodeType,
  clamp: readonly [number, number] | undefined,
): readonly [number, number] {
  return clamp ?? codeRange(dtype);
}

export function isByte(dtype: string): dtype is CodeType {
  return dtype === 'int8' || dtype === 'uint8';
}

/** Numbers of the fixed-point modes, as the addon knows them. */
export const fixedModes = { 'tflite-double': 0, 'tflite-single': 1, 'shift-floor': 2 } as const;

/** Numbers of the dtypes that codes are held in, as the addon knows them in forms. */
export const heldKinds = { uint8: 0, int8: 1, uint16: 2, int16: 3, int32: 4 } as const;

/** Weights that native code may read: their memory must not move. Throws HT_INVALID_ARGUMENT. */
export function requireFixed(op: string, name: string, { data }: Tensor): void {
  const buffer = data.buffer as ArrayBufferLike & {
    readonly resizable?: boolean;
    readonly growable?: boolean;
  };
  if (!buffer.resizable && !buffer.growable) return;
  throw new HalftoneError(
    'HT_INVALID_ARGUMENT',
    `${op}: the buffer of ${name} may be resized; pass a copy, data.slice()`,
    { op, operand: name },
  );
}

interface Native {
  readonly byteLength: number;
  dispose(): void;
}

/** Weights that the addon holds in a kernel's layout. */
export class NativeWeights<N extends Native> implements PackedWeights {
  readonly layout: string;
  readonly native: N;

  constructor(layout: string, native: N) {
    this.layout = layout;
    this.native = native;
  }

  get byteLength(): number {
    return this.native.byteLength;
  }

  dispose(): void {
    this.native.dispose();
  }
}

/** What the addon holds of packed weights. Throws HT_INVALID_ARGUMENT for those of another layout or backend. */
export function nativeOf<N extends Native>(
  op: string,
  layout: string,
  packed: PackedWeights | undefined,
): N | undefined {
  if (packed === undefined) return undefined;
  if (packed instanceof NativeWeights && packed.layout === layout) return packed.native as N;
  throw new HalftoneError(
    'HT_INVALID_ARGUMENT',
    `${op}: these weights were packed elsewhere; pack them here`,
    {
      op,
      layout: packed.layout,
    },
  );
}

/** Numbers of the ways out, as the addon knows them. */
export const outputKinds = { int32: 0, uint8: 1, int8: 2, float32: 3 } as const;

/** A window as the addon reads it: n, h, w, c, kernel, strides, pads, dilations, height and width of the result. */
export function windowOf(spec: WindowSpec): Int32Array {
  const { n, h, w, c, kernel, strides, pads, dilations } = spec;
  return Int32Array.of(n, h, w, c, ...kernel, ...strides, ...pads, ...dilations, ...windowOutput(spec));
}
