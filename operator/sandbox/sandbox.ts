import { type Clock, systemClock } from '../runtime/clock.ts';
import { Accounts, type Credential, type Role } from './accounts.ts';
import { ClosableClock } from './closable-clock.ts';
import type { Endpoints, World } from './context.ts';
import { type Core, handlerTable, StaleReads, validatorTable } from './core.ts';
import { type DelayOption, delaysOf } from './delays.ts';
import { Faults } from './faults.ts';
import { Ledger } from './ledger.ts';
import type { Family } from './operations.ts';
import { startAudits } from './ops/defender/audit-clock.ts';
import { startDetect } from './ops/defender/detect/index.ts';
import { families as defaultFamilies } from './ops/index.ts';
import { startIndexing } from './ops/indexing/dynamic-members.ts';
import { startJobs } from './ops/jobs/notices.ts';
import { runCall } from './pipeline.ts';
import { type QuotaOptions, Quotas } from './quotas.ts';
import { type Served, type ServeOptions, serve } from './server.ts';
import { startSignals } from './signals/index.ts';
import type { Change } from './state/changes.ts';
import { hexDigits, seeded, uuid } from './state/ids.ts';
import { Scope, type Slice } from './state/scope.ts';
import { DEFAULT_SWITCHES, type Switches } from './switches.ts';
import { errorAnswer } from './wire/answer.ts';
import { inProcessHandler, type RequestHandler } from './wire/handler.ts';
import type { WireRequest, WireResponse } from './wire/http.ts';
import { type Resolution, resolve } from './wire/resolve.ts';
import { type Service, ServiceCatalog } from './wire/services.ts';
import { readScope, SigningKeys, verifySignature } from './wire/sigv4.ts';
import { type AuthorityMaterial, CertificateAuthority, createAuthorityMaterial } from './x509/authority.ts';

export interface SandboxOptions {
  /** Default: the system's clock. A VirtualClock makes every delay and quota move only when told. */
  readonly clock?: Clock;
  /** Account of callers whose access key names no other; default 123456789012. */
  readonly accountId?: string;
  /** Region of unsigned requests; signed ones carry theirs. Default us-east-1. */
  readonly region?: string;
  /** Seed of ids, delays, page cuts and fault probabilities; default 1. Keys never come from it. */
  readonly seed?: number;
  /** Access keys. When given, each request has to be signed with one of them (or a session of AssumeRole). */
  readonly credentials?: readonly Credential[];
  /** Roles that may be assumed; without any, every role ARN is accepted. */
  readonly roles?: readonly Role[];
  /** `off`, or AWS's published quotas scaled and overridden. Default: scale 1. */
  readonly quotas?: QuotaOptions | 'off';
  /** How long AWS's asynchronous effects take. Default `instant`. */
  readonly delays?: DelayOption;
  readonly switches?: Partial<Switches>;
  /** `adversarial` cuts short and empty pages. Default `full`. */
  readonly paging?: 'full' | 'adversarial';
  /** The authority that signs certificates; default: a new one. */
  readonly authority?: AuthorityMaterial;
  /** Time that signature dates are compared with; default Date.now. */
  readonly wallClock?: () => number;
  /** Families of operations besides those built in. */
  readonly families?: readonly Family[];
  /** Calls kept in the ledger; default 200,000. */
  readonly ledgerLimit?: number;
}

export interface Sandbox {
  readonly clock: Clock;
  readonly accountId: string;
  readonly region: string;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly quotas: Quotas;
  readonly world: World;
  /** Slices that the families bring. */
  readonly slices: readonly Slice<unknown>[];
  /** Answers one request; never rejects. */
  handle(request: WireRequest): Promise<WireResponse>;
  /** For the `requestHandler` option of an SDK client: calls the sandbox in process, without sockets. */
  requestHandler(): RequestHandler;
  /** State of one account and region; the defaults' when not given. */
  scope(accountId?: string, region?: string): Scope;
  scopes(): Iterable<Scope>;
  /** Calls `listener` after each change of any scope; returns how to stop. */
  onChange(listener: (change: Change, scope: Scope) => void): () => void;
  /** Serves HTTP (or HTTPS) on loopback. */
  listen(options?: ServeOptions): Promise<Served>;
  close(): Promise<void>;
}

/** Builds a sandbox. Nothing is opened until `listen`. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  const clock = options.clock ?? systemClock;
  const region = options.region ?? 'us-east-1';
  const random = seeded(options.seed ?? 1);
  const accounts = new Accounts({
    defaultAccount: options.accountId ?? '123456789012',
    credentials: options.credentials ?? [],
    roles: options.roles ?? [],
  });
  const state = new ScopeTable();
  const timers = new ClosableClock(clock);
  const world = createWorld(options, { clock: timers, random, accounts, state });
  const families = [...defaultFamilies, ...(options.families ?? [])];
  const core: Core = {
    clock,
    world,
    ledger: new Ledger(options.ledgerLimit),
    faults: new Faults(random),
    quotas: new Quotas(clock, options.quotas ?? {}),
    staleReads: new StaleReads(),
    handler: handlerTable(families),
    validator: validatorTable(),
  };
  const handle = requestHandling(core, {
    region,
    verify: options.credentials !== undefined,
    wallClock: options.wallClock ?? Date.now,
    catalog: new ServiceCatalog(),
  });
  return assemble(core, { region, accounts, state, handle, timers, slices: families.flatMap((f) => f.slices) });
}

interface Assembly {
  readonly region: string;
  readonly accounts: Accounts;
  readonly state: ScopeTable;
  readonly handle: (request: WireRequest) => Promise<WireResponse>;
  readonly timers: ClosableClock;
  readonly slices: readonly Slice<unknown>[];
}

function assemble(core: Core, { region, accounts, state, handle, timers, slices }: Assembly): Sandbox {
  const served = new Set<Served>();
  const sandbox: Sandbox = {
    clock: core.clock,
    accountId: accounts.defaultAccount,
    region,
    ledger: core.ledger,
    faults: core.faults,
    quotas: core.quotas,
    world: core.world,
    slices,
    handle,
    requestHandler: () => inProcessHandler(handle),
    scope: (accountId = accounts.defaultAccount, inRegion = region) => state.get(accountId, inRegion),
    scopes: () => state.all(),
    onChange: (listener) => state.onChange(listener),
    async listen(serveOptions = {}) {
      const server = await serve(sandbox, serveOptions);
      served.add(server);
      return server;
    },
    async close() {
      timers.close();
      await Promise.all([...served].map((s) => s.close()));
      served.clear();
    },
  };
  startSignals(sandbox);
  startIndexing(sandbox);
  startJobs(sandbox);
  startDetect(sandbox);
  startAudits(sandbox);
  return sandbox;
}

class ScopeTable {
  readonly #scopes = new Map<string, Scope>();
  readonly #listeners: ((change: Change, scope: Scope) => void)[] = [];

  get(accountId: string, region: string): Scope {
    const key = `${accountId}/${region}`;
    let scope = this.#scopes.get(key);
    if (!scope) {
      scope = new Scope(accountId, region, this.#listeners);
      this.#scopes.set(key, scope);
    }
    return scope;
  }

  all(): Iterable<Scope> {
    return this.#scopes.values();
  }

  onChange(listener: (change: Change, scope: Scope) => void): () => void {
    this.#listeners.push(listener);
    return () => {
      const at = this.#listeners.indexOf(listener);
      if (at >= 0) this.#listeners.splice(at, 1);
    };
  }
}

interface Parts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly accounts: Accounts;
  readonly state: ScopeTable;
}

function createWorld(options: SandboxOptions, { clock, random, accounts, state }: Parts): World {
  const endpoints: Endpoints = { data: undefined, mqtt: undefined };
  const material = options.authority;
  let authority: CertificateAuthority | undefined;
  return {
    clock,
    random,
    paging: { mode: options.paging ?? 'full', maxScan: 10_000, random },
    delays: delaysOf(options.delays ?? 'instant'),
    switches: { ...DEFAULT_SWITCHES, ...options.switches },
    accounts,
    // Made on first use: most stories never issue a certificate.
    get authority() {
      authority ??= new CertificateAuthority(material ?? createAuthorityMaterial(Date.now()));
      return authority;
    },
    endpoints,
    ports: { broker: undefined, audit: undefined, detect: undefined },
    scope: (accountId, region) => state.get(accountId, region),
  };
}

interface Handling {
  readonly region: string;
  readonly verify: boolean;
  readonly wallClock: () => number;
  readonly catalog: ServiceCatalog;
}

function requestHandling(core: Core, handling: Handling): (request: WireRequest) => Promise<WireResponse> {
  // Request ids tell calls apart in logs; their own generator leaves the seeded one to what tests compare.
  const ids = seeded(Number.parseInt(hexDigits(core.world.random, 8), 16));
  const keys = new SigningKeys();
  return async (request) => {
    const requestId = uuid(ids);
    const signature = readScope(request);
    let resolution: Resolution | undefined;
    try {
      resolution = await resolve(handling.catalog, request, signature?.service);
      if (handling.verify) {
        const { accounts } = core.world;
        verifySignature(request, signature, { accounts, keys, wallClock: handling.wallClock, now: core.clock.now() });
      }
      if (resolution.kind === 'unknown') throw resolution.error;
    } catch (error) {
      return errorAnswer(serviceOf(resolution), requestId, error).response;
    }
    return runCall(core, {
      request,
      resolved: resolution.resolved,
      caller: core.world.accounts.caller(signature?.accessKeyId),
      region: signature?.region ?? handling.region,
      requestId,
      input: {},
      changed: false,
    });
  };
}

function serviceOf(resolution: Resolution | undefined): Service | undefined {
  return resolution?.kind === 'resolved' ? resolution.resolved.service : resolution?.service;
}
