import { HalftoneError, isHalftoneError } from '@halftone/core';

/** Work is done in the order in which it was given, and ends where the device is lost. */
export class Timeline {
  readonly #isLost: () => boolean;
  #tail: Promise<void> = Promise.resolve();
  #failure: unknown;
  #end: HalftoneError | undefined;
  // Not one promise that all race against: it would keep what every race left behind.
  readonly #waiting = new Set<(end: HalftoneError) => void>();

  /** `isLost`: whether the device is gone; who is told so earlier calls `end` as well. */
  constructor(isLost: () => boolean) {
    this.#isLost = isLost;
  }

  /** What fails first is thrown by `settled`. */
  enqueue(work: () => Promise<void> | void): void {
    this.#tail = this.#tail.then(async () => {
      if (this.#ended()) return;
      try {
        const doing = work();
        if (doing) await this.orEnd(doing);
      } catch (error) {
        this.#failure ??= this.#known(error);
      }
    });
  }

  /** What waits fails with this, and so does everything from here on. */
  end(error: HalftoneError = lost()): void {
    this.#end ??= error;
    for (const reject of this.#waiting) reject(this.#end);
  }

  /** What `work` gives, or the end. */
  async orEnd<T>(work: Promise<T>): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      const end = this.#ended();
      if (end) reject(end);
      this.#waiting.add(reject);
      work
        .then(resolve, (error: unknown) => reject(this.#known(error)))
        .finally(() => this.#waiting.delete(reject));
    });
  }

  /** Everything given so far is done; throws what failed, once. */
  async settled(): Promise<void> {
    await this.#tail;
    const end = this.#ended();
    if (end) throw end;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  #ended(): HalftoneError | undefined {
    if (!this.#end && this.#isLost()) this.end();
    return this.#end;
  }

  /** A typed error for what gpu.js or a driver throws, such as of a shader that does not compile. */
  #known(error: unknown): HalftoneError {
    if (isHalftoneError(error)) return error;
    const said = error instanceof Error ? error.message : String(error);
    return this.#ended() ?? new HalftoneError('HT_BACKEND', `gpujs: the GPU refused: ${said}`, { said });
  }
}

function lost(): HalftoneError {
  return new HalftoneError(
    'HT_UNAVAILABLE',
    'gpujs: the GPU was lost, to a driver that began anew or a page that used too much; open the backend again',
  );
}
