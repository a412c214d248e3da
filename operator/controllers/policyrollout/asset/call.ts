import type { IoTPolicy } from '../../../api/iotpolicy.gen.ts';
import { ifFound } from '../../../aws/classify.ts';
import { certificateIdOf } from '../../../aws/snapshot/facts.ts';
import { deniesSomething, isBlank, sameDocument } from '../../../drift/document.ts';
import { standsFor } from '../../../rollout/names.ts';
import type { AssetDecision } from '../../../rollout/types.ts';
import { ReconcileError } from '../../../runtime/errors.ts';
import { Priority } from '../../../runtime/reconciler.ts';
import { readPolicies } from '../../device/reads.ts';
import { AWS_NAME } from '../../external/claim.ts';
import { detachOnce } from '../detach.ts';
import { type Attempt, save } from './attempt.ts';
import { retiredBy, throwSwitch } from './change.ts';
import { inheritedNames } from './families.ts';
import { exactTime } from './record.ts';
import { others } from './unit.ts';

type Flip = Extract<AssetDecision, { kind: 'switch' }>;
type Call = Extract<AssetDecision, { kind: 'call' }>;

/** What came of a call: it was made, it waits for something, or AWS refuses it however often it is asked. */
export type Sent = 'made' | 'waits' | ReconcileError;

/**
 * Makes one call. Its time is written down before it is handed to AWS: a call whose answer is lost has been made at the
 * latest possible moment, never not at all. A call that waits for its turn leaves no mark.
 */
export async function sendCall(attempt: Attempt, decision: Call): Promise<Sent> {
  const isAttach = decision.call.kind === 'attach';
  const doubtful = await (isAttach ? formerDenial : unexpectedDefault)(attempt, decision.call);
  if (doubtful === undefined) return (isAttach ? attach : detach)(attempt, decision);
  // On the way home the record keeps the words of the verdict.
  if (attempt.directive.direction === 'home') attempt.scope.log.info('Waiting before a call', { why: doubtful });
  await save(attempt, { kind: 'wait', state: decision.state, until: undefined, why: doubtful }, {});
  return 'waits';
}

/** Whether AWS has answered that it does not do this. What is lost, throttled or late may be done all the same, or soon. */
async function answered(send: Promise<unknown>): Promise<ReconcileError | undefined> {
  try {
    await send;
    return undefined;
  } catch (thrown) {
    if (thrown instanceof ReconcileError && (thrown.kind === 'terminal' || thrown.reason === 'AccessDenied'))
      return thrown;
    throw thrown;
  }
}

/**
 * Attachments alone do not say what remains: a policy whose default was blanked a moment ago is attached and gives nothing,
 * and one whose default was set right a moment ago may give nothing yet. Read from AWS right before each Detach; answers
 * why it must not be sent.
 */
async function unexpectedDefault(attempt: Attempt, call: Call['call']): Promise<string | undefined> {
  const { scope, directive, certificates, through } = attempt;
  const attached = certificates.find(({ certificateArn }) => certificateArn === call.target)?.attached ?? new Set();
  const read = (policyName: string) => ifFound(scope.session.port.call('GetPolicy', { policyName }, scope.options));
  const isFresh = (found: Awaited<ReturnType<typeof read>>) => scope.deps.clock.now() < inForceAt(found, directive);
  const tooFresh = (policyName: string) =>
    `the default version of ${policyName} was changed a moment ago: nothing is taken away before AWS applies it`;
  const judged = new Set([call.policy]);
  for (const family of directive.families) {
    const policyName = directive.direction === 'forward' ? family.candidate : family.declared;
    const expected = directive.expected.get(policyName);
    const remains = attached.has(policyName) || through?.given.has(policyName) === true;
    if (!remains || expected === undefined) continue;
    judged.add(policyName);
    const found = await read(policyName);
    if (!expected.some((document) => sameDocument(document, found?.policyDocument)))
      return `the default version of ${policyName} is not what was proven or is to be: nothing is taken away beside it`;
    if (isFresh(found)) return tooFresh(policyName);
  }
  const moving = new Set(directive.families.flatMap(({ names }) => names));
  // What is taken away may be given by any other policy as well, as soon as AWS applies that one.
  for (const policyName of attached.union(inheritedByAny(attempt))) {
    if (judged.has(policyName)) continue;
    const found = await read(policyName);
    if (isFresh(found)) return tooFresh(policyName);
    // Of those that the rollout moves it tells as a whole, and an acknowledgement lets them go back.
    if (!moving.has(policyName) && isSilenced(scope, policyName, found?.policyDocument))
      return `somebody else set the default version of ${policyName} to one that allows nothing: nothing is taken away beside it until somebody takes that back or acknowledges it`;
  }
  return undefined;
}

/** What thing groups give to any of the things whose certificates these are, whether the rollout moves it or not. */
function inheritedByAny({ scope, directive, through }: Attempt): ReadonlySet<string> {
  const where = { cache: scope.deps.cache, session: scope.session };
  const devices = [scope.object, ...others(scope, directive)];
  return new Set([...(through?.given ?? []), ...devices.flatMap((device) => inheritedNames(where, device))]);
}

/** A security act has taken what the policy gave: what the asset still has may be all that is left of it. */
function isSilenced({ deps }: Attempt['scope'], policyName: string, document: string | undefined): boolean {
  const declared = standsFor(policyName);
  const policies = deps.cache.byIndex('IoTPolicy', AWS_NAME, declared) as readonly IoTPolicy[];
  if (policies.length === 0) return false;
  const held = declared === policyName && policies.some(({ status }) => status?.held !== undefined);
  return held || isBlank(document);
}

/** When AWS is sure to apply the default version that it shows. */
function inForceAt(
  found: { readonly lastModifiedDate?: Date | undefined } | undefined,
  directive: Attempt['directive'],
): number {
  return (found?.lastModifiedDate?.getTime() ?? 0) + directive.strategy.settleMs;
}

/**
 * A policy whose default was changed a moment ago may still be applied as it was, and what it denied then it would take away from
 * whoever gets it now. A candidate was the baseline before, and on the way home nothing is denied that was not at the beginning.
 */
async function formerDenial({ scope, directive }: Attempt, { policy }: Call['call']): Promise<string | undefined> {
  if (directive.direction === 'home' || directive.families.some(({ candidate }) => candidate === policy))
    return undefined;
  const { port } = scope.session;
  const found = await ifFound(port.call('GetPolicy', { policyName: policy }, scope.options));
  if (scope.deps.clock.now() >= inForceAt(found, directive)) return undefined;
  const { policyVersions = [] } = await port.call('ListPolicyVersions', { policyName: policy }, scope.options);
  for (const { versionId, isDefaultVersion } of policyVersions) {
    if (isDefaultVersion === true || versionId === undefined) continue;
    const version = { policyName: policy, policyVersionId: versionId };
    const former = await ifFound(port.call('GetPolicyVersion', version, scope.options));
    if (former !== undefined && deniesSomething(former.policyDocument))
      return `the default version of ${policy} was changed a moment ago, and version ${versionId} denies something: it is attached when AWS is sure to apply the new one`;
  }
  return undefined;
}

/** A switch is as dangerous as a Detach when it comes late, but the same however often it is made. */
export async function sendSwitch(attempt: Attempt, decision: Flip): Promise<Sent> {
  const { scope, beside, desired } = attempt;
  if (beside === undefined) return 'waits';
  const retired = retiredBy(beside.change, decision);
  const change = retired.length === 0 ? beside.change : { ...beside.change, retired };
  const restores = decision.make ? {} : { restoredAt: exactTime(scope.deps.clock.now()) };
  await save(attempt, decision, { switchedAt: exactTime(scope.deps.clock.now()), change, ...restores });
  told(attempt, decision.make ? 'MakeSwitch' : 'TakeSwitchBack', { what: decision.id });
  const refusal = await answered(throwSwitch(scope, { desired, change }, decision));
  if (refusal !== undefined) return refusal;
  scope.log.info(decision.make ? 'Made a switch' : 'Took a switch back', { what: decision.id, why: decision.why });
  return 'made';
}

/** The way back has the part of the budget that is kept for it, whatever woke this pass. */
function urgency({ state }: Call): { readonly priority?: number } {
  return state === 'RollingBack' ? { priority: Priority.security } : {};
}

async function attach(attempt: Attempt, decision: Call): Promise<Sent> {
  const { scope, directive } = attempt;
  const { policy, target } = decision.call;
  const slot = `${scope.key.namespace}/${scope.key.name} rollout`;
  await scope.session.port.admit('AttachPolicy', { ...scope.options, ...urgency(decision), slot });
  const now = exactTime(scope.deps.clock.now());
  // Only a contracted asset that gets back what it lost has to be heard of afterwards.
  const restores = decision.state === 'RollingBack' && directive.direction !== 'home';
  await save(attempt, decision, { attachedAt: now, ...(restores ? { restoredAt: now } : {}) });
  told(attempt, 'AttachPolicy', { policy, target });
  const refusal = await answered(scope.call('AttachPolicy', { policyName: policy, target }, { admitted: true }));
  if (refusal !== undefined) return refusal;
  scope.session.snapshot.targets.wrote(policy, certificateIdOf(target), true);
  scope.log.info('Attached a policy', { policy, target, why: decision.why });
  return 'made';
}

async function detach(attempt: Attempt, decision: Call): Promise<Sent> {
  const { scope } = attempt;
  const { policy, target } = decision.call;
  const slot = `${scope.key.namespace}/${scope.key.name} rollout`;
  await scope.session.port.admit('DetachPolicy', { ...scope.options, ...urgency(decision), slot });
  const sentAt = exactTime(scope.deps.clock.now());
  const openDetach = { certificateArn: target, policy, sentAt };
  await save(attempt, decision, { detachedAt: sentAt, openDetach });
  told(attempt, 'DetachPolicy', { policy, target });
  const where = { clock: scope.deps.clock, port: scope.session.port };
  const refusal = await answered(detachOnce(where, { policyName: policy, target }, scope.options));
  if (refusal !== undefined) return refusal;
  scope.wrote = true;
  scope.session.snapshot.targets.wrote(policy, certificateIdOf(target), false);
  scope.log.info('Detached a policy', { policy, target, why: decision.why });
  await readPolicies(scope, certificateIdOf(target));
  // Answered and read back: nothing of it is still on its way.
  const record = scope.object.status?.rollout;
  if (record === undefined) return 'made';
  const { openDetach: _answered, ...closed } = record;
  await scope.save({ rollout: closed });
  return 'made';
}

/** Said before the call is handed over: whether it was answered or not, it may have been made. */
function told({ scope, rollouts, directive }: Attempt, operation: string, details: Record<string, string>): void {
  const { namespace = '', name } = scope.object.metadata;
  rollouts.teller.call({ namespace, name: directive.rollout }, operation, { device: name, ...details });
}
