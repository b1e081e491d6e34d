// A WebGL2 context of a page or a worker.
import { type Context, isSoftware, throwErrors, unavailable } from './context.ts';
import { glsl300 } from './dialect.ts';

interface Host {
  readonly OffscreenCanvas?: new (width: number, height: number) => OffscreenCanvas;
  readonly document?: { createElement(name: 'canvas'): HTMLCanvasElement };
}

/** Opens a context whose textures hold floats; undefined where there is no canvas. Throws HT_UNAVAILABLE. */
export function openCanvas(): Context | undefined {
  const { OffscreenCanvas, document } = globalThis as unknown as Host;
  const canvas = OffscreenCanvas ? new OffscreenCanvas(1, 1) : document?.createElement('canvas');
  if (canvas === undefined) return undefined;
  const gl = canvas.getContext('webgl2', {
    powerPreference: 'high-performance',
  }) as WebGL2RenderingContext | null;
  if (gl === null)
    throw unavailable(
      'there is no WebGL2 here; allow it in the settings of the browser, or take another backend',
    );
  const close = (): void => gl.getExtension('WEBGL_lose_context')?.loseContext();
  if (gl.getExtension('EXT_color_buffer_float') === null) {
    close();
    throw unavailable('WebGL2 cannot draw floats here (EXT_color_buffer_float); take another backend');
  }
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const renderer = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  return {
    name: 'WebGL2',
    mode: 'webgl2',
    gl,
    dialect: glsl300,
    side: gl.getParameter(gl.MAX_TEXTURE_SIZE) as number,
    renderer,
    software: isSoftware(renderer),
    drawn: () => drawn(gl),
    isLost: () => gl.isContextLost(),
    onLost: (listener) => canvas.addEventListener('webglcontextlost', listener),
    close,
  };
}

async function drawn(gl: WebGL2RenderingContext): Promise<void> {
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
  throwErrors(gl);
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
