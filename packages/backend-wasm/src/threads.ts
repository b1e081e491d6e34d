// Other threads with instances of their own over the same memory; assembly/threads.ts says how they share work.
import { startThread, type Thread } from './host.ts';

/** What such a thread runs, as text: no bundler has to find a file. */
const source = `
const port = globalThis.process?.getBuiltinModule?.('node:worker_threads')?.parentPort ?? self;
port.onmessage = ({ data: { module, memory, board } }) => {
  const { meetAt, work } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  meetAt(board);
  port.postMessage('ready');
  work();
  port.close();
};`;

/** Starts `count` threads and waits until each is there; where one fails, none is left. */
export async function startThreads(
  count: number,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  board: number,
): Promise<readonly Thread[]> {
  const starts = Array.from({ length: count }, () => startThread(source, { module, memory, board }));
  const results = await Promise.allSettled(starts);
  const failed = results.find((result) => result.status === 'rejected');
  const threads = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  if (failed === undefined) return threads;
  for (const thread of threads) thread.end();
  throw failed.reason;
}
