// Where kernels are drawn, and what draws there.
import { HalftoneError } from '@halftone/core';
import type { Dialect } from './dialect.ts';

export interface Context {
  readonly name: 'WebGL2' | 'WebGL1';
  /** As gpu.js calls it. */
  readonly mode: 'webgl2' | 'headlessgl';
  readonly gl: WebGLRenderingContextBase;
  readonly dialect: Dialect;
  /** Texels that a texture has a side, at most. */
  readonly side: number;
  /** As the driver calls it. */
  readonly renderer: string;
  /** Whether the CPU does the work. */
  readonly software: boolean;
  /** Resolves when all that was given to the GPU so far is drawn, or the context is lost. Throws HT_OUT_OF_MEMORY. */
  drawn(): Promise<void>;
  isLost(): boolean;
  onLost(listener: () => void): void;
  /** Ends it, so that others find room. */
  close(): void;
}

const softwareRenderer = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Whether a renderer of this name computes on the CPU. */
export function isSoftware(renderer: string): boolean {
  return softwareRenderer.test(renderer);
}

/** Throws what WebGL reports. */
export function throwErrors(gl: WebGLRenderingContextBase): void {
  const error = gl.getError();
  if (error === gl.OUT_OF_MEMORY)
    throw new HalftoneError(
      'HT_OUT_OF_MEMORY',
      'gpujs: the GPU has no memory for a texture; dispose tensors that are not needed, or run smaller ones',
    );
  if (error !== gl.NO_ERROR && error !== gl.CONTEXT_LOST_WEBGL)
    throw new HalftoneError('HT_BACKEND', `gpujs: WebGL reports error ${error}`, { error });
}

/** Says that this backend cannot run here. */
export function unavailable(reason: string): HalftoneError {
  return new HalftoneError('HT_UNAVAILABLE', reason);
}

/** The first line of what was thrown. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}
