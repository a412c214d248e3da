import { hostname } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FleetSource } from '../../api/fleetsource.gen.ts';
import { API_VERSION } from '../../api/meta.ts';
import { createSchemaRegistry } from '../../api/validate.ts';
import type { StaticCredentials } from '../../aws/client.ts';
import type { SettleTimes } from '../../controllers/awsaccount/accounts.ts';
import type { DriftNotice } from '../../controllers/external/types.ts';
import { folderTree } from '../../controllers/fleetsource/folder-tree.ts';
import { gitTree } from '../../controllers/fleetsource/git-tree.ts';
import { manifestLoader } from '../../controllers/fleetsource/load.ts';
import type { SourceTree } from '../../controllers/fleetsource/tree.ts';
import { ALLOW_PRUNE } from '../../controllers/fleetsource/verbs.ts';
import type { SignalBook } from '../../controllers/policyrollout/gates/signals.ts';
import type { Clock } from '../../runtime/clock.ts';
import { storeEventSink } from '../../runtime/events/sink.ts';
import type { Logger } from '../../runtime/log.ts';
import { type Admission, admitEverything } from '../../runtime/store/admission.ts';
import { StateFolderError } from '../../runtime/store/local/errors.ts';
import type { LocalStore } from '../../runtime/store/local/local-store.ts';
import { openLocalStore } from '../../runtime/store/local/open.ts';
import { SecretFiles } from '../../runtime/store/local/secret-files.ts';
import { StoreError } from '../../runtime/store.ts';
import type { GitCredentials } from '../../source/git/auth.ts';
import type { GitRefSpec } from '../../source/git/ref.ts';
import { GitSource } from '../../source/git/source.ts';
import { CommandError, Exit } from '../exit.ts';
import { connector } from './connect.ts';
import { withDefaultAccount } from './default-account.ts';
import { EVIDENCE_FOLDER, evidenceSinks } from './evidence.ts';
import { chooseNamespace } from './namespace.ts';
import { createOperator, type Operator } from './operator.ts';
import { requestRunner } from './requests.ts';

export interface StandaloneOptions {
  /** `https://…`, `ssh://…`, `file://…` for Git, else a folder. */
  readonly source: string;
  readonly ref?: GitRefSpec | undefined;
  readonly path?: string | undefined;
  readonly namespace?: string | undefined;
  readonly interval: string;
  /** Folder for everything that must outlive the process. */
  readonly state: string;
  readonly installation: string;
  readonly region: string;
  readonly endpoint?: string | undefined;
  readonly unlimited: boolean;
  readonly credentials?: StaticCredentials | undefined;
  readonly git: {
    readonly credentials?: GitCredentials | undefined;
    readonly searchPath: string;
    readonly proxy?: string | undefined;
  };
  readonly allowPrune?: string | undefined;
  readonly listen?: { readonly host: string; readonly port: number } | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly onDrift?: (drift: DriftNotice) => void;
  /** What is heard of devices: rollouts move nobody they cannot watch. */
  readonly signals?: SignalBook;
  readonly signal: AbortSignal;
  readonly processMetrics?: boolean;
  /** Folder of the evidence logs. Default: `evidence` in the state folder. */
  readonly evidence?: string | undefined;
  /** Takes each line of evidence as well. */
  readonly evidenceLine?: ((line: string) => void) | undefined;
  readonly scanEveryMs?: number;
  readonly settle?: SettleTimes;
}

export interface Standalone extends AsyncDisposable {
  readonly operator: Operator;
  readonly store: LocalStore;
  /** The FleetSource that stands for the command line. */
  readonly source: { readonly kind: 'FleetSource'; readonly namespace: string; readonly name: string };
}

const SOURCE_NAME = 'standalone';
const EVENTS_KEPT = 2_000;
/** Makes and reads of the local store cost next to nothing: no pace, and the FleetSource of the command line only. */
const NO_PACE = 0;

/** Opens the state folder and puts an operator over it. The caller runs it, and disposes of it afterwards. */
export async function openStandalone(options: StandaloneOptions): Promise<Standalone> {
  const { clock, log } = options;
  const schemas = createSchemaRegistry();
  const store = await openState(options.state, clock, schemas);
  try {
    const tree = treeOf(options);
    const load = manifestLoader({ registry: schemas, log });
    const wanted = sourceObject(options);
    const namespace = await chooseNamespace({
      wanted,
      store,
      tree,
      load,
      given: options.namespace,
      signal: options.signal,
    });
    await applySource(store, { ...wanted, metadata: { ...wanted.metadata, namespace } });
    const operator = createOperator({
      ...options,
      store,
      schemas,
      tree,
      load: withDefaultAccount(load, options.region),
      createsPerSecond: NO_PACE,
      ignoreKinds: ['FleetSource'],
      // Verbs come through the request folder alone, where the operating system says who asks.
      usersPinned: true,
      evidence: evidenceSinks({
        folder: options.evidence ?? join(options.state, EVIDENCE_FOLDER),
        stdout: options.evidenceLine,
        log,
      }),
      services: [requestRunner({ folder: options.state, store, clock, log })],
      connect: connector({
        installation: options.installation,
        endpoint: options.endpoint,
        credentials: options.credentials,
        roles: 'anything',
        endpoints: 'anything',
        // The state folder's lock is what makes this process the only one.
        fence: () => undefined,
      }),
      endpointGiven: options.endpoint !== undefined,
      checkHosts: 'anything',
      secrets: new SecretFiles(options.state),
      events: { sink: storeEventSink({ store, keep: EVENTS_KEPT }), instance: hostname() },
    });
    return {
      operator,
      store,
      source: { kind: 'FleetSource', namespace, name: SOURCE_NAME },
      [Symbol.asyncDispose]: () => store.close(),
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openState(
  folder: string,
  clock: Clock,
  schemas: ReturnType<typeof createSchemaRegistry>,
): Promise<LocalStore> {
  const admission: Admission = {
    admit: (object, old) => (schemas.definition(object.kind) ? schemas : admitEverything).admit(object, old),
  };
  try {
    return await openLocalStore({ folder, admission, clock });
  } catch (error) {
    if (error instanceof StateFolderError) throw new CommandError(error.message, Exit.failed, error);
    throw error;
  }
}

export function isGitUrl(source: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(source) || /^[\w.-]+@[\w.-]+:/.test(source);
}

function treeOf(options: StandaloneOptions): SourceTree {
  if (!isGitUrl(options.source)) return folderTree(resolve(options.source));
  const { credentials, searchPath, proxy } = options.git;
  const git = new GitSource({
    cache: join(options.state, 'git'),
    clock: options.clock,
    settings: { searchPath, proxy },
    allowFile: true,
  });
  return gitTree({ git, credentials, id: SOURCE_NAME, readSecret: async () => undefined });
}

function sourceObject(options: StandaloneOptions): FleetSource {
  const folder = isGitUrl(options.source) ? undefined : options.source;
  const url = folder === undefined ? options.source : pathToFileURL(isAbsolute(folder) ? folder : resolve(folder)).href;
  return {
    apiVersion: API_VERSION,
    kind: 'FleetSource',
    metadata: {
      name: SOURCE_NAME,
      ...(options.allowPrune === undefined ? {} : { annotations: { [ALLOW_PRUNE]: options.allowPrune } }),
    },
    spec: {
      url,
      path: options.path ?? '.',
      interval: options.interval,
      timeout: '60s',
      prune: true,
      pruneGuard: { maxCount: 5, maxPercent: 10 },
      foreignFields: 'Remove',
      suspend: false,
      ...(options.ref === undefined ? {} : { ref: definedOnly(options.ref) }),
    },
  };
}

function definedOnly(ref: GitRefSpec): { branch?: string; tag?: string; commit?: string } {
  return Object.fromEntries(Object.entries(ref).filter(([, value]) => value !== undefined));
}

async function applySource(store: LocalStore, source: FleetSource): Promise<void> {
  try {
    await store.apply(source, { owner: 'fleetward-run' });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'invalid') throw error;
    const causes = error.causes.map(({ field, message }) => `${field}: ${message}`).join('; ');
    throw new CommandError(`The source cannot be used: ${causes || error.message}`, Exit.usage, error);
  }
}
