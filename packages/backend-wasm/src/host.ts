// The few things that Node and pages have under different names. Nothing is imported: bundles for pages stay whole.

/** The part of a worker that both hosts have. */
interface AnyWorker {
  postMessage(message: unknown): void;
  terminate(): unknown;
}

interface NodeWorker extends AnyWorker {
  on(event: 'message' | 'error', listener: (value: unknown) => void): void;
  unref(): void;
}

interface Builtins {
  'node:fs/promises': { readFile(url: URL): Promise<Uint8Array> };
  'node:os': { availableParallelism(): number };
  'node:worker_threads': { Worker: new (source: string, options: { eval: true }) => NodeWorker };
}

interface NodeProcess {
  readonly version: string;
  readonly versions?: { readonly node?: string };
  getBuiltinModule?<Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined;
}

/** What hosts may have. */
interface Host {
  readonly process?: NodeProcess;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly Worker?: new (url: string) => Worker;
  readonly crossOriginIsolated?: boolean;
  readonly location?: { readonly href: string };
}

const host = globalThis as Host;

/** A module of Node, or undefined elsewhere. */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined {
  return host.process?.getBuiltinModule?.(name);
}

/** The address of the page, or undefined elsewhere. */
export function pageAddress(): string | undefined {
  return host.location?.href;
}

/** The version of Node, such as 20.19.1, or undefined elsewhere. */
export function nodeVersion(): string | undefined {
  return host.process?.versions?.node;
}

/** Cores that threads can run on. */
export function cores(): number {
  return builtin('node:os')?.availableParallelism() ?? host.navigator?.hardwareConcurrency ?? 1;
}

/** Why memory cannot be shared with other threads here, or undefined where it can. */
export function unshared(): string | undefined {
  if (builtin('node:worker_threads')) return undefined;
  if (typeof host.Worker !== 'function') return 'there are no workers here';
  if (host.crossOriginIsolated !== true) return 'the page is not cross-origin isolated';
  return typeof SharedArrayBuffer === 'function' ? undefined : 'there is no shared memory here';
}

/** Another thread. */
export interface Thread {
  end(): void;
}

/** Starts a thread that runs a classic script, gives it a message, and waits for its first answer. */
export async function startThread(source: string, message: unknown): Promise<Thread> {
  const [worker, answer] = open(source);
  worker.postMessage(message);
  try {
    await answer;
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return { end: () => void worker.terminate() };
}

function open(source: string): [AnyWorker, Promise<unknown>] {
  const threads = builtin('node:worker_threads');
  if (threads) {
    const worker = new threads.Worker(source, { eval: true });
    const answer = new Promise((ready, failed) => {
      worker.on('message', ready);
      worker.on('error', failed);
    });
    // A process ends when its own work is done.
    void answer.then(
      () => worker.unref(),
      () => {},
    );
    return [worker, answer];
  }
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new host.Worker!(url);
  const answer = new Promise((ready, failed) => {
    worker.onmessage = ready;
    worker.onerror = (event) => failed(new Error(event.message || 'the worker does not start'));
  });
  const forget = (): void => URL.revokeObjectURL(url);
  void answer.then(forget, forget);
  return [worker, answer];
}
