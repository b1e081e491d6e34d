// The part of gpu.js that this backend uses.

/** A texture that a kernel gave. */
export interface GpuTexture {
  clone(): GpuTexture;
  delete(): void;
}

interface NativeFunction {
  readonly name: string;
  readonly source: string;
  readonly returnType: string;
  readonly argumentTypes: Readonly<Record<string, string>>;
}

export interface KernelSettings {
  readonly output: readonly number[];
  readonly returnType: 'Array(4)' | 'Number';
  readonly precision: 'single';
  readonly tactic: 'precision';
  readonly pipeline: boolean;
  readonly immutable: boolean;
  readonly asyncMode: true;
  /** Sizes of results and of operands are uniforms: one kernel for all of them. */
  readonly dynamicOutput: true;
  readonly dynamicArguments: true;
  /** GLSL before the native functions. */
  readonly injectedNative: string;
  readonly nativeFunctions: readonly NativeFunction[];
}

export type GpuValue = GpuTexture | Float32Array | number;

/** A kernel of gpu.js in its asynchronous form. */
export interface GpuKernel {
  (...values: readonly GpuValue[]): Promise<GpuTexture | Float32Array>;
  setOutput(output: readonly number[]): unknown;
  destroy(removeCanvasReferences?: boolean): void;
}

export interface Gpu {
  createKernel(source: string, settings: KernelSettings): GpuKernel;
  destroy(): Promise<void>;
}

export type GpuConstructor = new (settings: {
  readonly mode: string;
  readonly canvas: unknown;
  readonly context: unknown;
}) => Gpu;
