import { hasBinary } from './install.ts';

/** What a user installs, and how much that may be. A later backend is one more row. */
export interface Scenario {
  readonly name: string;
  /** Our packages that are installed by name; those that they depend on come along. */
  readonly packages: readonly string[];
  /** Packages in node_modules, others' too. */
  readonly mostPackages: number;
  /** Bytes of all files in node_modules. */
  readonly mostBytes: number;
  /** READMEs, from the root of the repository, whose JavaScript must run as printed. */
  readonly readmes: readonly string[];
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'the facade',
    packages: ['halftone'],
    mostPackages: 9,
    mostBytes: 5_500_000,
    readmes: ['README.md'],
  },
  {
    name: 'core and a backend',
    packages: ['@halftone/core', '@halftone/backend-reference'],
    mostPackages: 2,
    mostBytes: 1_200_000,
    readmes: ['packages/backend-reference/README.md'],
  },
  {
    name: 'the WebAssembly backend',
    packages: ['@halftone/core', '@halftone/backend-wasm'],
    mostPackages: 2,
    mostBytes: 1_700_000,
    readmes: ['packages/backend-wasm/README.md'],
  },
  {
    name: 'the gpu.js backend',
    packages: ['@halftone/core', '@halftone/backend-gpujs'],
    mostPackages: 2,
    mostBytes: 1_400_000,
    readmes: ['packages/backend-gpujs/README.md'],
  },
  ...(hasBinary
    ? [
        {
          name: 'the native backend, with its binary',
          packages: ['@halftone/backend-native'],
          mostPackages: 3,
          mostBytes: 3_500_000,
          readmes: ['packages/backend-native/README.md'],
        },
      ]
    : []),
];
