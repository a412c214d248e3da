interface Answered {
  readonly at: number;
  /** Undefined when there was no answer. */
  readonly filters: readonly string[] | undefined;
}

/** Subscriptions of clients before their change; lost with the process, which leaves nothing to compare with. */
export interface SubscriptionMemory {
  keep(place: string, filters: readonly string[]): void;
  kept(place: string): readonly string[] | undefined;
  answer(place: string, answered: Answered): void;
  answered(place: string, since: number): Answered | undefined;
}

/** Clients in flight are few; this many bounds what those of former rollouts leave behind. */
const MOST = 20_000;

export function createSubscriptionMemory(): SubscriptionMemory {
  const before = new Map<string, readonly string[]>();
  const answers = new Map<string, Answered>();
  return {
    keep: (place, filters) => void put(before, place, filters),
    kept: (place) => before.get(place),
    answer: (place, answered) => void put(answers, place, answered),
    answered(place, since) {
      const known = answers.get(place);
      return known !== undefined && known.at >= since ? known : undefined;
    },
  };
}

function put<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MOST && oldest !== undefined) map.delete(oldest);
}
