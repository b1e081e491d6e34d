/** Gives names that nothing has yet: a base, or the base with the first number that is free. */
export class FreshNames {
  readonly #taken: Set<string>;
  /** By base, the numbers below which none is free: a thousand nodes may want names of one base. */
  readonly #next = new Map<string, number>();

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** Says that something has the name. */
  add(name: string): void {
    this.#taken.add(name);
  }

  /** A free name, which is taken from now on. */
  take(base: string): string {
    let name = base;
    let number = this.#next.get(base) ?? 0;
    if (number > 0) name = `${base}_${number}`;
    while (this.#taken.has(name)) name = `${base}_${++number}`;
    this.#next.set(base, number);
    this.#taken.add(name);
    return name;
  }
}
