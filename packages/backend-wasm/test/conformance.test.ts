import { conformanceTests } from '@halftone/conformance';
import { describe, it } from 'vitest';
import wasm from '../src/index.ts';

const required = (process.env['HALFTONE_REQUIRE'] ?? '').split(',').includes(wasm.name);

await conformanceTests(wasm, { describe, it }, { required });
