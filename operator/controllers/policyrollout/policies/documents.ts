import type { ThingGroup } from '../../../api/thinggroup.gen.ts';
import { ifFound } from '../../../aws/classify.ts';
import type { CallOptions } from '../../../aws/port.ts';
import { groupKey } from '../../../aws/snapshot/facts.ts';
import { type PolicyDocument, parsePolicy } from '../../../policy/index.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import type { AccountSession } from '../../awsaccount/accounts.ts';
import { AWS_NAME } from '../../external/claim.ts';
import { groupName } from '../../thinggroup/observe.ts';
import type { PassMemory } from '../pass-memory.ts';

/**
 * A document is read again after this time. Nothing is taken from an asset on its word alone: before each Detach what
 * remains is read directly.
 */
const FRESH_MS = 30_000;

/** Reads each document at most every half minute, each line of ancestors once per analysis. */
export interface Reader {
  /** Undefined when the policy is gone or its document cannot be read. */
  document(policyName: string): Promise<PolicyDocument | undefined>;
  /** Policies that a thing has through these static groups and their ancestors. */
  inherited(groups: readonly string[]): readonly string[];
}

export interface ReaderInput {
  readonly cache: Cache;
  readonly session: AccountSession;
  readonly options: CallOptions;
  readonly memory: Pick<PassMemory, 'documents'>;
  readonly now: number;
}

export function createReader({ cache, session, options, memory, now }: ReaderInput): Reader {
  const { documents } = memory;
  const lines = new Map<string, readonly string[]>();

  async function read(policyName: string): Promise<PolicyDocument | undefined> {
    const found = await ifFound(session.port.call('GetPolicy', { policyName }, options));
    return found?.policyDocument === undefined ? undefined : parsePolicy(found.policyDocument).document;
  }

  function line(group: string): readonly string[] {
    const names = lines.get(group) ?? lineOf(cache, group);
    lines.set(group, names);
    return names;
  }

  return {
    document(policyName) {
      const known = documents.get(policyName);
      if (known !== undefined && now - known.at < FRESH_MS && now >= known.at) return known.document;
      const document = read(policyName);
      documents.set(policyName, { at: now, document });
      document.catch(() => documents.delete(policyName));
      return document;
    },
    inherited(groups) {
      const { targets } = session.snapshot;
      return [...new Set(groups.flatMap(line).flatMap((group) => targets.at(groupKey(group))))].sort();
    },
  };
}

/** The group and its ancestors, as far as objects of ours tell. */
export function lineOf(cache: Cache, group: string): readonly string[] {
  const names = [group];
  for (let at = groupObject(cache, group), depth = 0; at !== undefined && depth < 8; depth += 1) {
    const parent = at.spec.parentRef?.name;
    if (parent === undefined) break;
    const key = { kind: 'ThingGroup', namespace: at.metadata.namespace ?? '', name: parent };
    at = cache.get(key) as ThingGroup | undefined;
    if (at !== undefined) names.push(groupName(at));
  }
  return names;
}

function groupObject(cache: Cache, group: string): ThingGroup | undefined {
  return cache.byIndex('ThingGroup', AWS_NAME, group)[0] as ThingGroup | undefined;
}
