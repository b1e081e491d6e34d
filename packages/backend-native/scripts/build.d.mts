export function has(program: string): boolean;
export function buildSanitized(kinds: string, folder: string): string;
export function buildProgram(
  part: 'test' | 'speed',
  compiler: string,
  flags: readonly string[],
  folder: string,
): Promise<string>;
