import type { Attempt } from './attempt.ts';

/** Somebody took from it what was to stay, and the rollout has judged the asset as it was before that: why it must wait. */
export function goneBeside({ directive, certificates }: Attempt): readonly string[] {
  return directive.policies.flatMap(({ certificateId, stays }) => {
    const now = certificates.find(({ certificateArn }) => certificateArn.endsWith(certificateId));
    const missing = stays.filter((name) => now?.attached.has(name) === false);
    return missing.map(
      (name) =>
        `policy ${name}, which was to stay, is not on its certificate ${certificateId.slice(0, 12)}… any more: nothing else is taken until it is back, or the rollout has looked at the asset without it`,
    );
  });
}

/** Somebody took rights from it. Whatever the change does, it passes on what it is heard to do, never in silence. */
export function isRobbed(attempt: Attempt): boolean {
  const shown = attempt.scope.object.status?.drift?.fields ?? [];
  return shown.some((each) => each.class === 'narrowed') || goneBeside(attempt).length > 0;
}
