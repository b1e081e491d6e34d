export function has(program: string): boolean;
export function buildSanitized(kinds: string, folder: string): string;
export function buildKernelTest(compiler: string, flags: readonly string[], folder: string): Promise<string>;
