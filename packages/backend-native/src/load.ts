import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { HalftoneError } from '@halftone/core';
import type { Addon } from './native.ts';

const require = createRequire(import.meta.url);

/** The package that carries the binary of a platform. */
function platformPackage(): string {
  return `@halftone/backend-native-${process.platform}-${process.arch}`;
}

/** Where a binary may be: one that was named, one that was built here, one that was installed. */
function candidates(): string[] {
  const built = fileURLToPath(new URL('../build/Release/halftone_native.node', import.meta.url));
  const { HALFTONE_NATIVE_BINARY: named } = process.env;
  return [...(named ? [named] : []), ...(existsSync(built) ? [built] : []), platformPackage()];
}

let loaded: Addon | undefined;

/** The addon. Throws HT_UNAVAILABLE with what to do where there is none for this machine, or where it does not load. */
export function loadAddon(): Addon {
  if (loaded) return loaded;
  const failures: string[] = [];
  for (const candidate of candidates()) {
    try {
      loaded = require(candidate) as Addon;
      return loaded;
    } catch (error) {
      failures.push(error instanceof Error ? error.message.split('\n')[0]! : String(error));
    }
  }
  throw new HalftoneError(
    'HT_UNAVAILABLE',
    `no native binary for ${process.platform}-${process.arch}: npm install ${platformPackage()}, or in a checkout install a C++ compiler and run npm run build (${failures.join('; ')})`,
    { platform: process.platform, arch: process.arch },
  );
}
