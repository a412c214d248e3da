import { join } from 'node:path';
import { IoTClient } from '@aws-sdk/client-iot';
import { environment } from '../../config/environment.ts';
import { connectDevices, type DemoDevices, openBroker } from './devices.ts';
import { type FastForward, fastForward } from './fast-forward.ts';
import { DemoRepository } from './repository.ts';
import { openSandboxed, type Sandboxed, type SandboxedOptions } from './sandboxed.ts';

/** Sandbox, repository and operator: everything the story needs. */
export interface Stage extends Sandboxed {
  readonly repository: DemoRepository;
  /** Somebody else with access to the account. */
  readonly stranger: IoTClient;
  readonly time: FastForward;
  connectDevices(): Promise<DemoDevices>;
}

export async function setStage(options: Omit<SandboxedOptions, 'source'>): Promise<Stage> {
  let repository: DemoRepository | undefined;
  const sandboxed = await openSandboxed({
    ...options,
    // On a clock that runs at least 60 times as fast: seconds.
    interval: '5m',
    scanEveryMs: 300_000,
    source: async (folder) => {
      repository = new DemoRepository(join(folder, 'fleet'), environment().path);
      await repository.create();
      return repository.url;
    },
  });
  const { endpoint, region, key } = sandboxed;
  const { sandbox, standalone, clock } = sandboxed;
  const ends = new AsyncDisposableStack();
  ends.defer(() => sandboxed.close());
  const time = fastForward(clock, () => standalone.operator.quiet);
  ends.defer(() => time.stop());
  const stranger = new IoTClient({ endpoint, region, credentials: key });
  ends.defer(() => stranger.destroy());
  const broker = openBroker(sandbox);
  ends.defer(() => broker.close());
  return {
    ...sandboxed,
    repository: repository!,
    stranger,
    time,
    connectDevices: () => connectDevices(sandbox, { broker, clock, ends }),
    close: () => ends.disposeAsync(),
  };
}
