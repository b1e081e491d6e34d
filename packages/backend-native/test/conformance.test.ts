import { conformanceTests } from '@halftone/conformance';
import { describe, it } from 'vitest';
import native from '../src/index.ts';

const required = (process.env['HALFTONE_REQUIRE'] ?? '').split(',').includes(native.name);

await conformanceTests(native, { describe, it }, { required });
