import { fileURLToPath } from 'node:url';
import { checkWorkspace } from './check.ts';

const root = process.argv[2] ?? fileURLToPath(new URL('../../..', import.meta.url));
const { members, files, violations } = checkWorkspace(root);
for (const { rule, place, message } of violations) console.log(`${place}  ${rule}: ${message}`);
console.log(`${members} packages, ${files} files, ${violations.length} violations`);
process.exitCode = violations.length === 0 ? 0 : 1;
