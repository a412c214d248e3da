/**
 * Which AWS policies satisfy a policy reference. The declared name always holds the last proven document, because
 * provisioning templates and other tools attach by name; a candidate is `<declared>@<8 hex of its canonical document>`.
 */
const CANDIDATE = /^(?<declared>.+)@(?<digest>[0-9a-f]{8})$/;

/** `digest` is the hex digest of the candidate's canonical document; `attempt` makes a new name after a brake. */
export function candidateName(declared: string, digest: string): string {
  if (!/^[0-9a-f]{8,}$/.test(digest)) throw new RangeError(`not a hex digest of at least 8 digits: ${digest}`);
  return `${declared}@${digest.slice(0, 8)}`;
}

/** The declared name that a candidate belongs to, or undefined for any other policy. */
export function declaredNameOf(policyName: string): string | undefined {
  return CANDIDATE.exec(policyName)?.groups?.declared;
}

/** The declared name that a name in AWS stands for: that of a candidate, or itself. */
export const standsFor = (name: string): string => declaredNameOf(name) ?? name;
