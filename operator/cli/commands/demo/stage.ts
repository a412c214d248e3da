import { join } from 'node:path';
import { IoTClient } from '@aws-sdk/client-iot';
import { environment } from '../../config/environment.ts';
import { DemoRepository } from './repository.ts';
import { openSandboxed, type Sandboxed, type SandboxedOptions } from './sandboxed.ts';

/** Sandbox, repository and operator: everything the story needs. */
export interface Stage extends Sandboxed {
  readonly repository: DemoRepository;
  /** Somebody else with access to the account. */
  readonly stranger: IoTClient;
}

export async function setStage(options: Omit<SandboxedOptions, 'source'>): Promise<Stage> {
  let repository: DemoRepository | undefined;
  const sandboxed = await openSandboxed({
    ...options,
    source: async (folder) => {
      repository = new DemoRepository(join(folder, 'fleet'), environment().path);
      await repository.create();
      return repository.url;
    },
  });
  const { endpoint, region, key } = sandboxed;
  const stranger = new IoTClient({ endpoint, region, credentials: key });
  return {
    ...sandboxed,
    repository: repository!,
    stranger,
    async close() {
      stranger.destroy();
      await sandboxed.close();
    },
  };
}
