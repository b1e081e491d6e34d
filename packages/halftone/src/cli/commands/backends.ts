import type { Command } from 'commander';
import { knownBackends } from '../backends.ts';
import { table, Terminal } from '../terminal.ts';

export function registerBackends(program: Command): void {
  program
    .command('backends')
    .description('list the backends that can run here, and how to get the others')
    .option('--json', 'print one JSON document')
    .action(async (options: { json?: boolean }) => {
      const terminal = new Terminal(options);
      const rows = [];
      for (const { name, provider, missing } of await knownBackends()) {
        if (provider === undefined) {
          rows.push({ name, available: false, reason: missing });
          continue;
        }
        const probe = await provider.probe();
        rows.push(
          probe.available
            ? { name, available: true, device: probe.device }
            : { name, available: false, reason: probe.reason },
        );
      }
      for (const line of table([
        ['backend', 'here', ''],
        ...rows.map((row) => [row.name, row.available ? 'yes' : 'no', row.device ?? row.reason ?? '']),
      ]))
        terminal.line(line);
      terminal.result({ backends: rows });
    });
}
