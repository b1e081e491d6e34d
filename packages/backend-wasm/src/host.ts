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

/** How long a thread may take to start: a host that never runs it may not say so. */
const START_MS = 10_000;

/** Starts a thread that runs a classic script, gives it a message, and waits for its first answer. */
export async function startThread(source: string, message: unknown): Promise<Thread> {
  const [worker, answer] = open(source);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((_, failed) => {
    timer = setTimeout(() => failed(new Error('workers do not answer')), START_MS);
  });
  try {
    worker.postMessage(message);
    await Promise.race([answer, late]);
  } catch (error) {
    worker.terminate();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return { end: () => void worker.terminate() };
}

function open(source: string): [AnyWorker, Promise<unknown>] {
  const threads = builtin('node:worker_threads');
  return threads ? openInNode(new threads.Worker(source, { eval: true })) : openInPage(source);
}

function openInNode(worker: NodeWorker): [AnyWorker, Promise<unknown>] {
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

function openInPage(source: string): [AnyWorker, Promise<unknown>] {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const forget = (): void => URL.revokeObjectURL(url);
  try {
    const worker = new host.Worker!(url);
    const answer = new Promise((ready, failed) => {
      worker.onmessage = ready;
      worker.onerror = (event) => failed(new Error(event.message || 'workers do not start'));
    });
    void answer.then(forget, forget);
    return [worker, answer];
  } catch (error) {
    forget();
    throw error;
  }
}
