/** Since when nothing carries a policy that something carried before, as far as this process has seen. */
export interface LastCarried {
  /** `before`: an earlier process, or an earlier pass, has seen it carried. */
  goneAt(
    policy: string,
    seen: { readonly isCarried: boolean; readonly before: boolean; readonly now: number },
  ): number | undefined;
}

export function createLastCarried(): LastCarried {
  const carried = new Set<string>();
  const gone = new Map<string, number>();
  return {
    goneAt(policy, { isCarried, before, now }) {
      if (isCarried) {
        carried.add(policy);
        gone.delete(policy);
        return undefined;
      }
      if (carried.delete(policy) || (before && !gone.has(policy))) gone.set(policy, now);
      return gone.get(policy);
    },
  };
}
