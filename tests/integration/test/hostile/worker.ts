import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Tensor } from '@halftone/core';

/** What became of one job: what the child said, or how it ended. */
export interface Answer {
  readonly stages?: Readonly<Record<string, string>>;
  readonly feeds?: Readonly<Record<string, Tensor>>;
  readonly outputs?: Readonly<Record<string, Tensor>>;
  /** An error that is no HalftoneError. */
  readonly untyped?: string;
  /** Why ONNX Runtime did not load or run the model. */
  readonly refused?: string;
  /** The child is gone: its exit code or signal, or the time limit. */
  readonly ended?: string;
}

/** A child process that does one job at a time under a time limit; one that hangs or crashes is replaced. */
export class Worker {
  readonly #script: string;
  readonly #limit: number;
  #child: ChildProcess | undefined;

  /** `script` is a path beside this file, `limit` in milliseconds. */
  constructor(script: string, limit: number) {
    this.#script = fileURLToPath(new URL(script, import.meta.url));
    this.#limit = limit;
  }

  async do(job: object): Promise<Answer> {
    const child = (this.#child ??= await this.#start());
    const answer = await this.#wait(child, () => child.send(job));
    if (answer.ended !== undefined) this.#child = undefined;
    return answer;
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  async #start(): Promise<ChildProcess> {
    const child = fork(this.#script, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    child.stderr?.resume();
    await this.#wait(child, () => {});
    return child;
  }

  #wait(child: ChildProcess, begin: () => void): Promise<Answer> {
    return new Promise((resolve) => {
      const finish = (answer: Answer): void => {
        clearTimeout(timer);
        child.off('message', onMessage);
        child.off('exit', onExit);
        resolve(answer);
      };
      const onMessage = (answer: Answer): void => finish(answer);
      const onExit = (code: number | null, signal: string | null): void =>
        finish({ ended: `exit ${code ?? signal}` });
      const timer = setTimeout(() => {
        child.off('exit', onExit);
        child.kill('SIGKILL');
        finish({ ended: 'time limit' });
      }, this.#limit);
      child.on('message', onMessage);
      child.on('exit', onExit);
      begin();
    });
  }
}
