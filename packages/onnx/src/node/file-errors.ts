/** The system's code of a failure (`ENOENT`); undefined for other errors. */
export function codeOf(cause: unknown): string | undefined {
  return (cause as { code?: string } | undefined)?.code;
}

/** A failure in few words. */
export function reasonOf(cause: unknown): string {
  return codeOf(cause) ?? String(cause);
}
