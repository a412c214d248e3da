import type { Device } from '../../api/device.gen.ts';
import type { ThingGroup } from '../../api/thinggroup.gen.ts';
import type { Path } from '../../api/validation/path.ts';
import type { Item, TreeIndex } from './check-tree.ts';
import type { Finding } from './place.ts';
import { accountOf } from './references.ts';

// https://docs.aws.amazon.com/general/latest/gr/iot-core.html (thing group limits, policies per certificate)
const MAX_LEVELS = 7;
const MAX_POLICIES = 10;

/** What AWS would refuse about a group's place: above a dynamic group, in a circle, or too deep. */
export function checkGroup(item: Item, group: ThingGroup, index: TreeIndex, findings: Finding[]): void {
  if (group.spec.parentRef === undefined) return;
  const at = ['spec', 'parentRef', 'name'];
  const ancestry = ancestors(group.metadata.name, item.namespace, index);
  if (ancestry === undefined) {
    findings.push(hierarchy(item, at, `${group.metadata.name} is above itself: the parents form a circle`));
    return;
  }
  if (ancestry.length > MAX_LEVELS) {
    findings.push(
      hierarchy(item, at, `is on level ${ancestry.length}, and AWS takes at most ${MAX_LEVELS} levels of groups`),
    );
  }
  const parent = groupOf(group.spec.parentRef.name, item.namespace, index);
  if (parent?.spec.query !== undefined) {
    findings.push(
      hierarchy(
        item,
        at,
        `${parent.metadata.name} is a dynamic group (it has a query) and can have no groups below it`,
      ),
    );
  }
}

/** What AWS would refuse about the groups and policies of a Device. */
export function checkDevice(item: Item, device: Device, index: TreeIndex, findings: Finding[]): void {
  const roots = new Map<string, string>();
  for (const [position, { name }] of (device.spec.groupRefs ?? []).entries()) {
    const path = ['spec', 'groupRefs', position, 'name'];
    const group = groupOf(name, item.namespace, index);
    if (!group) continue;
    const problem = membershipProblem(name, group, roots, ancestors(name, item.namespace, index) ?? [name]);
    if (problem !== undefined) findings.push(hierarchy(item, path, problem));
  }
  checkPolicyCount(item, device, index, findings);
}

function membershipProblem(
  name: string,
  group: ThingGroup,
  roots: Map<string, string>,
  ancestry: readonly string[],
): string | undefined {
  if (group.spec.query !== undefined)
    return `${name} is a dynamic group (it has a query): AWS fills it, and no Device may name it`;
  if (group.spec.quarantine)
    return `${name} is a quarantine group: only security acts put things into it, and no Device may name it`;
  const root = ancestry.at(-1) ?? name;
  const other = roots.get(root);
  if (other === undefined) roots.set(root, name);
  if (other === undefined) return undefined;
  if (other === name) return `${name} is there twice`;
  return `${name} and ${other} are both below ${root}, and AWS keeps a thing in one group of a hierarchy only`;
}

function checkPolicyCount(item: Item, device: Device, index: TreeIndex, findings: Finding[]): void {
  const account = index('AWSAccount', item.namespace).get(accountOf(device))?.object;
  const shared = account?.kind === 'AWSAccount' ? (account.spec.defaultPolicyRefs ?? []) : [];
  const own = device.spec.policyRefs ?? [];
  const names = new Set([...own, ...shared].map(({ name }) => name));
  if (names.size <= MAX_POLICIES) return;
  const message = `makes ${names.size} policies on each certificate with those of the account, and AWS takes at most ${MAX_POLICIES}`;
  findings.push({ item, severity: 'error', code: 'BadValue', path: ['spec', 'policyRefs'], message });
}

function groupOf(name: string, namespace: string, index: TreeIndex): ThingGroup | undefined {
  const object = index('ThingGroup', namespace).get(name)?.object;
  return object?.kind === 'ThingGroup' ? object : undefined;
}

/** A group and those above it, as far as the tree knows them; undefined when they form a circle. */
function ancestors(name: string, namespace: string, index: TreeIndex): readonly string[] | undefined {
  const chain = [name];
  let parent = groupOf(name, namespace, index)?.spec.parentRef?.name;
  while (parent !== undefined) {
    if (chain.includes(parent)) return undefined;
    chain.push(parent);
    parent = groupOf(parent, namespace, index)?.spec.parentRef?.name;
  }
  return chain;
}

function hierarchy(item: Item, path: Path, message: string): Finding {
  return { item, severity: 'error', code: 'BadHierarchy', path, message };
}
