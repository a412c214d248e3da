import { hasReason } from '../classify.ts';
import type { AwsPort, CallOptions } from '../port.ts';
import type { EdgeSweep } from './edges.ts';
import type { Sweep } from './entities.ts';
import { type CertificateFacts, type ThingFacts, targetKey } from './facts.ts';

export interface Bulk {
  readonly port: Pick<AwsPort, 'call'>;
  readonly options: CallOptions;
}

/** The largest page AWS gives; most list calls default to 25. */
const PAGE = 250;
/** Lists read side by side; the budget per call decides the speed, this only hides latency. */
const PARALLEL = 8;

/** Follows the token through all pages, empty ones included. */
async function* pages<T>(read: (token: string | undefined) => Promise<Page<T>>): AsyncGenerator<readonly T[]> {
  let token: string | undefined;
  do {
    const page = await read(token);
    yield page.items ?? [];
    token = page.next || undefined;
  } while (token !== undefined);
}

interface Page<T> {
  readonly items: readonly T[] | undefined;
  readonly next: string | undefined;
}

const after = (token: string | undefined) => (token === undefined ? {} : { nextToken: token });
const afterMarker = (marker: string | undefined) => (marker === undefined ? {} : { marker });

export async function readThings({ port, options }: Bulk, sweep: Sweep<ThingFacts>): Promise<ReadonlySet<string>> {
  const read = async (token: string | undefined) => {
    const page = await port.call('ListThings', { maxResults: PAGE, ...after(token) }, options);
    return { items: page.things, next: page.nextToken };
  };
  for await (const page of pages(read)) {
    for (const { thingName, thingArn, thingTypeName, attributes, version } of page) {
      if (thingName === undefined) continue;
      sweep.row(thingName, {
        arn: thingArn ?? '',
        typeName: thingTypeName,
        attributes: attributes ?? {},
        version: version ?? 0,
      });
    }
  }
  return sweep.end();
}

export async function readCertificates(bulk: Bulk, sweep: Sweep<CertificateFacts>): Promise<ReadonlySet<string>> {
  const read = async (marker: string | undefined) => {
    const page = await bulk.port.call('ListCertificates', { pageSize: PAGE, ...afterMarker(marker) }, bulk.options);
    return { items: page.certificates, next: page.nextMarker };
  };
  for await (const page of pages(read)) {
    for (const { certificateId, certificateArn, status, creationDate } of page) {
      if (certificateId === undefined) continue;
      sweep.row(certificateId, {
        arn: certificateArn ?? '',
        status: status ?? 'UNKNOWN',
        createdAt: creationDate?.getTime() ?? 0,
      });
    }
  }
  return sweep.end();
}

/** Policy by policy: the inverse, certificate by certificate, would take hours at 100,000 devices. */
export async function readTargets(bulk: Bulk, sweep: EdgeSweep): Promise<ReadonlySet<string>> {
  const policies: string[] = [];
  const list = async (marker: string | undefined) => {
    const page = await bulk.port.call('ListPolicies', { pageSize: PAGE, ...afterMarker(marker) }, bulk.options);
    return { items: page.policies, next: page.nextMarker };
  };
  for await (const page of pages(list)) for (const policy of page) policies.push(policy.policyName ?? '');
  await eachOf(policies, async (policyName) => {
    const read = async (marker: string | undefined) => {
      const input = { policyName, pageSize: PAGE, ...afterMarker(marker) };
      const page = await bulk.port.call('ListTargetsForPolicy', input, bulk.options);
      return { items: page.targets, next: page.nextMarker };
    };
    for await (const page of pages(read)) for (const target of page) sweep.row(policyName, targetKey(target));
  });
  return sweep.end();
}

export async function readMembers(bulk: Bulk, sweep: EdgeSweep): Promise<ReadonlySet<string>> {
  const groups: string[] = [];
  const list = async (token: string | undefined) => {
    const page = await bulk.port.call('ListThingGroups', { maxResults: PAGE, ...after(token) }, bulk.options);
    return { items: page.thingGroups, next: page.nextToken };
  };
  for await (const page of pages(list)) for (const group of page) groups.push(group.groupName ?? '');
  await eachOf(groups, async (thingGroupName) => {
    const read = async (token: string | undefined) => {
      const input = { thingGroupName, maxResults: PAGE, ...after(token) };
      const page = await bulk.port.call('ListThingsInThingGroup', input, bulk.options);
      return { items: page.things, next: page.nextToken };
    };
    for await (const page of pages(read)) for (const thing of page) sweep.row(thingGroupName, thing);
  });
  return sweep.end();
}

/** A policy or group deleted between the list and its own read simply has no rows. */
async function eachOf(names: readonly string[], read: (name: string) => Promise<void>): Promise<void> {
  const queue = names.filter((name) => name !== '').values();
  const worker = async () => {
    for (const name of queue) {
      try {
        await read(name);
      } catch (thrown) {
        if (!hasReason(thrown, 'NotFound')) throw thrown;
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}
