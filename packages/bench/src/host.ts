/** The machine and the program that a benchmark ran on. JSON-serialisable. */
export interface Environment {
  /** `Node 20.20.2`, or the browser as it names itself. */
  readonly runtime: string;
  readonly platform: string;
  readonly arch: string;
  readonly cpu: {
    readonly model?: string;
    readonly cores: number;
    /** Extensions that kernels make use of, by their names in Linux; empty where nothing tells. */
    readonly flags: readonly string[];
  };
  readonly memoryBytes?: number;
  /** What draws in a page. `software`: the CPU does, and its figures say nothing of GPUs. */
  readonly gpu?: { readonly renderer: string; readonly software: boolean };
}

/** What only the place where a benchmark runs can tell. */
export interface Host {
  environment(): Environment;
  /** Milliseconds of work of this process so far, on all of its threads; undefined where nothing tells. */
  cpuTime(): number | undefined;
}
