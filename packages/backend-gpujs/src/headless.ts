// A WebGL1 context without a page, from the package gl.
import { type Context, isSoftware, reasonOf, throwErrors, unavailable } from './context.ts';
import { glsl100 } from './dialect.ts';

/** A context of the package gl; its methods are bound. */
type HeadlessContext = WebGLRenderingContext & {
  getExtension(name: 'STACKGL_destroy_context'): { destroy(): void };
};

interface HeadlessGL {
  (width: number, height: number, attributes: WebGLContextAttributes): HeadlessContext | null;
  readonly WebGLRenderingContext?: { readonly prototype: object };
}

/** Opens a context of what the package gl exports. Throws HT_UNAVAILABLE. */
export async function openHeadless(given: unknown): Promise<Context> {
  const createContext = (given as HeadlessGL | undefined) ?? (await load());
  const gl = createContext(1, 1, { preserveDrawingBuffer: true });
  if (gl === null)
    throw unavailable(
      'the package gl finds no display to draw on; start Node by xvfb-run -a, or set DISPLAY to an X server',
    );
  const end = gl.getExtension('STACKGL_destroy_context');
  if (gl.getExtension('OES_texture_float') === null) {
    end.destroy();
    throw unavailable('WebGL1 cannot draw floats here (OES_texture_float); take another backend');
  }
  const renderer = rendererOf(createContext, gl);
  let open = true;
  const close = (): void => {
    if (open) end.destroy();
    open = false;
  };
  replaceExtensions(gl, {
    // gpu.js makes the drawing buffer as large as its largest texture; nobody looks at it.
    STACKGL_resize_drawingbuffer: { resize: () => {} },
    // Who ends a context twice is told off.
    STACKGL_destroy_context: { destroy: close },
  });
  return {
    name: 'WebGL1',
    mode: 'headlessgl',
    gl,
    dialect: glsl100,
    side: gl.getParameter(gl.MAX_TEXTURE_SIZE) as number,
    renderer,
    software: isSoftware(renderer),
    async drawn() {
      gl.finish();
      throwErrors(gl);
    },
    isLost: () => !open,
    onLost: () => {},
    close,
  };
}

async function load(): Promise<HeadlessGL> {
  try {
    const name = 'gl';
    return ((await import(name)) as { readonly default: HeadlessGL }).default;
  } catch (error) {
    throw unavailable(
      `there is no canvas here, and the package gl does not load (${reasonOf(error)}); it runs in pages and their workers, and in Node where gl is installed`,
    );
  }
}

/** As the driver calls it: what the package says in its place is the same for all, and its native class knows. */
function rendererOf({ WebGLRenderingContext }: HeadlessGL, gl: HeadlessContext): string {
  const native =
    WebGLRenderingContext && (Object.getPrototypeOf(WebGLRenderingContext.prototype) as typeof gl | null);
  return String(native?.getParameter?.call(gl, gl.RENDERER) ?? gl.getParameter(gl.RENDERER));
}

/** The same context, but for these extensions. */
function replaceExtensions(gl: HeadlessContext, replaced: Readonly<Record<string, object>>): void {
  const getExtension = gl.getExtension as (name: string) => unknown;
  Object.assign(gl, { getExtension: (name: string) => replaced[name] ?? getExtension(name) });
}
