import { createSandbox } from '../operator/sandbox/index.ts';

// A sandbox in a process of its own, so that the memory measured is the operator's alone. Prints its endpoint.
const sandbox = createSandbox({ quotas: 'off', ledgerLimit: 1_000 });
const served = await sandbox.listen();
process.on('message', () => {
  process.send?.(sandbox.ledger.counts());
  sandbox.ledger.clear();
});
process.send?.({ endpoint: served.url });
console.error(served.url);
