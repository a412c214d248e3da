import { partitionOf } from '../../controllers/external/arn.ts';
import { signalsOfLog } from '../../controllers/policyrollout/gates/feeds.ts';
import type { SignalBook } from '../../controllers/policyrollout/gates/signals.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { V2_LOGS } from '../../sandbox/signals/v2-logs.ts';
import { SETTINGS } from '../../sandbox/state/settings.ts';

const EVERY_MS = 250;

/** Lets an operator over a sandbox of its own hear what the sandbox's broker logs. Returns how to stop. */
export function hearSandbox(sandbox: Sandbox, signals: SignalBook): () => void {
  const scope = sandbox.scope();
  const settings = scope.slice(SETTINGS);
  settings.logging ??= {
    roleArn: undefined,
    defaultLogLevel: 'INFO',
    disableAllLogs: false,
    eventConfigurations: undefined,
  };
  const { accountId, region } = scope;
  const place = { accountId, region, partition: partitionOf(region) };
  let next = 0;
  let stopped = false;
  const look = (): void => {
    if (stopped) return;
    for (const { sequence, fields } of scope.slice(V2_LOGS).from(next)) {
      next = sequence + 1;
      for (const signal of signalsOfLog(fields, place)) signals.record(`${accountId}/${region}`, signal);
    }
    sandbox.clock.after(EVERY_MS, look);
  };
  look();
  return () => {
    stopped = true;
  };
}
