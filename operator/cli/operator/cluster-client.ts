import { homedir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../runtime/clock.ts';
import { KubeClient, type KubeClientOptions } from '../../runtime/kube/client.ts';
import { loadKubeConfig } from '../../runtime/kube/config.ts';
import { environment } from '../config/environment.ts';
import { CommandError, Exit } from '../exit.ts';

export interface ClusterAccess {
  /** A kubeconfig; absent: the pod's own account. */
  readonly file?: string | undefined;
  readonly advice: string;
  readonly onAttempt?: KubeClientOptions['onAttempt'];
  readonly fence?: KubeClientOptions['fence'];
}

/** A client of the API server, or a message for a person that says why there is none. */
export function connectToCluster({ file, advice, onAttempt, fence }: ClusterAccess): KubeClient {
  try {
    const config = loadKubeConfig(file === undefined ? {} : { file });
    return new KubeClient({
      config,
      clock: systemClock,
      random: Math.random,
      ...(onAttempt === undefined ? {} : { onAttempt }),
      ...(fence === undefined ? {} : { fence }),
    });
  } catch (error) {
    const message = `The cluster cannot be reached with this configuration: ${(error as Error).message}. ${advice}`;
    throw new CommandError(message, Exit.failed, error);
  }
}

/** For commands that a person types: the kubeconfig that kubectl would take, when it is one file. */
export function personsKubeConfig(given: string | undefined): string {
  return given ?? environment().kubeconfig ?? join(homedir(), '.kube', 'config');
}
