import { describe, it } from 'node:test';
import { conformanceTests } from '@halftone/conformance';
import backend from './complete.js';

await conformanceTests(backend, { describe, it });
