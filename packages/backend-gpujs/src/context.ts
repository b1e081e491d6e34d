// A WebGL2 context, and what draws behind it.
import { HalftoneError } from '@halftone/core';

export interface Context {
  readonly gl: WebGL2RenderingContext;
  readonly canvas: OffscreenCanvas | HTMLCanvasElement;
  /** As the driver calls it. */
  readonly renderer: string;
  /** Whether the CPU does the work. */
  readonly software: boolean;
}

interface Host {
  readonly OffscreenCanvas?: new (width: number, height: number) => OffscreenCanvas;
  readonly document?: { createElement(name: 'canvas'): HTMLCanvasElement };
}

const softwareRenderer = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Opens a context whose textures hold floats. Throws HT_UNAVAILABLE. */
export function openContext(): Context {
  const { OffscreenCanvas, document } = globalThis as unknown as Host;
  const canvas = OffscreenCanvas ? new OffscreenCanvas(1, 1) : document?.createElement('canvas');
  if (canvas === undefined) throw unavailable('there is no canvas here; it runs in pages and their workers');
  const gl = canvas.getContext('webgl2', {
    powerPreference: 'high-performance',
  }) as WebGL2RenderingContext | null;
  if (gl === null)
    throw unavailable(
      'there is no WebGL2 here; allow it in the settings of the browser, or take another backend',
    );
  if (gl.getExtension('EXT_color_buffer_float') === null)
    throw unavailable('WebGL2 cannot draw floats here (EXT_color_buffer_float); take another backend');
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const renderer = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  return { gl, canvas, renderer, software: softwareRenderer.test(renderer) };
}

/** Ends a context, so that others find room. */
export function closeContext({ gl }: Context): void {
  gl.getExtension('WEBGL_lose_context')?.loseContext();
}

/** Resolves when all that was given to the GPU so far is drawn, or the context is lost. Throws HT_OUT_OF_MEMORY. */
export async function drawn(gl: WebGL2RenderingContext): Promise<void> {
  const sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  if (sync === null) return;
  gl.flush();
  const start = performance.now();
  while (!gl.isContextLost()) {
    const status = gl.clientWaitSync(sync, 0, 0);
    if (status === gl.ALREADY_SIGNALED || status === gl.CONDITION_SATISFIED) break;
    await pause(performance.now() - start);
  }
  gl.deleteSync(sync);
  const error = gl.getError();
  if (error === gl.OUT_OF_MEMORY)
    throw new HalftoneError(
      'HT_OUT_OF_MEMORY',
      'gpujs: the GPU has no memory for a texture; dispose tensors that are not needed, or run smaller ones',
    );
  if (error !== gl.NO_ERROR && error !== gl.CONTEXT_LOST_WEBGL)
    throw new HalftoneError('HT_BACKEND', `gpujs: WebGL reports error ${error}`, { error });
}

/** Another turn of the event loop: at once where little time has passed, else after a small part of it. */
async function pause(passed: number): Promise<void> {
  if (passed > 2) return await new Promise((done) => setTimeout(done, Math.min(passed / 16, 8)));
  const { port1, port2 } = new MessageChannel();
  await new Promise((done) => {
    port1.onmessage = done;
    port2.postMessage(0);
  });
  port1.close();
}

/** Says that this backend cannot run here. */
export function unavailable(reason: string): HalftoneError {
  return new HalftoneError('HT_UNAVAILABLE', reason);
}
