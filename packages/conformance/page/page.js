// Runs the suite in this page on the backend that the address names: ?backend=/path/of/module.js&tier=required&grep=...
// &options={"threads":2} runs it with these options in place of the backend's own variants.
import { runSuite, toText } from '@halftone/conformance';

const asked = new URLSearchParams(location.search);
const status = document.querySelector('[role=status]');
for (const [name, value] of asked) {
  const field = document.querySelector(`form [name="${CSS.escape(name)}"]`);
  if (field) field.value = value;
}
if (asked.get('backend')) await run();

async function run() {
  try {
    const { default: provider } = await import(new URL(asked.get('backend'), location.href).href);
    const report = await runSuite(provider, {
      options: asked.get('options') ? JSON.parse(asked.get('options')) : undefined,
      tier: asked.get('tier') ?? undefined,
      grep: asked.get('grep') ? new RegExp(asked.get('grep')) : undefined,
      onProgress: ({ variant, name }) => {
        status.textContent = `${variant}: ${name}`;
      },
    });
    status.textContent = report.verdict;
    document.querySelector('pre').textContent = toText(
      report,
      ({ case: id }) => `the same page with &grep=^${id}$`,
    );
    await tell(report);
  } catch (error) {
    status.textContent = `${error?.code ?? error?.name}: ${error?.message}`;
    await tell({ verdict: 'failed', error: status.textContent });
  }
}

/** Where a test opened the page, it waits for the report at the address that it gave. */
async function tell(report) {
  const to = asked.get('post');
  if (to?.startsWith('/')) await fetch(to, { method: 'POST', body: JSON.stringify(report) });
}
