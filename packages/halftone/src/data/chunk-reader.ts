import { allocate } from './data-file.ts';

/** Takes exact byte counts from pieces of any size, in order; it holds no more than what it was asked for. */
export class ChunkReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** The next `length` bytes, or fewer where the pieces end before. */
  async read(length: number): Promise<Uint8Array> {
    const bytes = allocate(length);
    const done = await this.#take(length, (piece, at) => bytes.set(piece, at));
    return done === length ? bytes : bytes.subarray(0, done);
  }

  /** Passes over the next `length` bytes. */
  async skip(length: number): Promise<void> {
    await this.#take(length, () => {});
  }

  /** Reads to the end, so that the source makes its closing checks. */
  async drain(): Promise<void> {
    await this.skip(Number.POSITIVE_INFINITY);
  }

  /** Gives the source up before its end. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #take(length: number, use: (piece: Uint8Array, at: number) => void): Promise<number> {
    let done = 0;
    while (done < length) {
      if (this.#piece.length === 0) {
        const next = await this.#pieces.next();
        if (next.done) break;
        this.#piece = next.value;
        continue;
      }
      const part = this.#piece.subarray(0, length - done);
      use(part, done);
      this.#piece = this.#piece.subarray(part.length);
      done += part.length;
    }
    return done;
  }
}
