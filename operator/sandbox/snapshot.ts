import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { ownCall } from './call.ts';
import { PRESENCE } from './mqtt/presence.ts';
import { dropUnclaimed } from './ops/certificates.ts';
import { resumeClaims } from './ops/claims.ts';
import { finishDetaches } from './ops/principals.ts';
import { BROKER_CACHE } from './propagation.ts';
import type { Sandbox } from './sandbox.ts';
import { IDENTITY } from './state/identity.ts';
import { REGISTRY } from './state/registry.ts';
import { RETAINED } from './state/retained.ts';
import type { Slice } from './state/scope.ts';
import { SETTINGS } from './state/settings.ts';
import { SHADOWS } from './state/shadows.ts';
import { TAGS } from './state/tags.ts';

const FORMAT = 'fleetward-sandbox';
const VERSION = 1;

/** Slices that are always there; families bring their own. No slice holds a private key or a credential. */
const SLICES: readonly Slice<unknown>[] = [
  REGISTRY,
  IDENTITY,
  TAGS,
  SETTINGS,
  SHADOWS,
  RETAINED,
  PRESENCE,
  BROKER_CACHE,
];

interface Row {
  readonly accountId: string;
  readonly region: string;
  readonly slice: string;
  readonly value: unknown;
}

/**
 * Writes the state of all accounts to a file, one line per slice, so that no single string has to hold a large fleet.
 * The file appears whole or not at all. Access keys, sessions, ledger and armed faults are not part of it.
 */
export async function saveSnapshot(sandbox: Sandbox, path: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = createWriteStream(temporary, { mode: 0o600 });
  const write = async (line: unknown) => {
    if (!file.write(`${JSON.stringify(line)}\n`)) await once(file, 'drain');
  };
  await write({ format: FORMAT, version: VERSION });
  for (const scope of sandbox.scopes()) {
    for (const slice of [...SLICES, ...sandbox.slices]) {
      if (!scope.has(slice.name)) continue;
      const value = slice.save(scope.slice(slice));
      await write({ accountId: scope.accountId, region: scope.region, slice: slice.name, value });
    }
  }
  file.end();
  await once(file, 'close');
  await rename(temporary, path);
}

/** Restores into an empty sandbox. Throws when the file is of another format or version; nothing is guessed. */
export async function loadSnapshot(sandbox: Sandbox, path: string): Promise<void> {
  const slices = new Map([...SLICES, ...sandbox.slices].map((slice) => [slice.name, slice]));
  const file = await open(path, 'r');
  try {
    let first = true;
    for await (const line of createInterface({ input: file.createReadStream(), crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line === '') continue;
      const row: unknown = parse(line, path);
      if (first) checkHeader(row, path);
      else restore(sandbox, slices, row as Row, path);
      first = false;
    }
    for (const scope of sandbox.scopes()) {
      finishDetaches(ownCall(sandbox.world, scope, 'DetachThingPrincipal'));
      resumeClaims(ownCall(sandbox.world, scope, 'CreateProvisioningClaim'));
      dropUnclaimed(ownCall(sandbox.world, scope, 'CreateCertificateFromCsr'));
      scope.announce({ kind: 'restored' });
    }
    if (first) throw new Error(`${path} is empty; delete it to start with an empty state`);
  } finally {
    await file.close();
  }
}

function restore(sandbox: Sandbox, slices: ReadonlyMap<string, Slice<unknown>>, row: Row, path: string): void {
  const slice = slices.get(row.slice);
  if (!slice) throw new Error(`${path} has a part ${row.slice} that this version does not know`);
  slice.load(sandbox.scope(row.accountId, row.region).slice(slice), row.value);
}

function parse(line: string, path: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`${path} is damaged: a line is not JSON; restore a copy or delete it to start with an empty state`);
  }
}

function checkHeader(row: unknown, path: string): void {
  const header = row as { format?: unknown; version?: unknown };
  if (header.format !== FORMAT) throw new Error(`${path} is not a sandbox snapshot`);
  if (header.version !== VERSION) {
    throw new Error(`${path} has snapshot version ${String(header.version)}; this version reads ${VERSION}`);
  }
}
