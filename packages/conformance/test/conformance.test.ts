// The reference's own conformance run; other backends have a file like this in their packages.
import reference from '@halftone/backend-reference';
import { describe, it } from 'vitest';
import { conformanceTests } from '../src/index.ts';

await conformanceTests(reference, { describe, it }, { required: true });
