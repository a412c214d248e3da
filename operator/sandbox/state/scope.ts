import type { Change } from './changes.ts';

/** Everything one account holds in one region. Families keep their part of it in slices. */
export class Scope {
  readonly accountId: string;
  readonly region: string;
  readonly #slices = new Map<string, unknown>();
  #revision = 0;
  readonly #listeners: ((change: Change, scope: Scope) => void)[];

  constructor(accountId: string, region: string, listeners: ((change: Change, scope: Scope) => void)[]) {
    this.accountId = accountId;
    this.region = region;
    this.#listeners = listeners;
  }

  /** `resource` is what follows the account, such as `thing/lamp-1`. */
  arn(resource: string, service = 'iot'): string {
    return `arn:${partitionOf(this.region)}:${service}:${this.region}:${this.accountId}:${resource}`;
  }

  /** The resource part of an ARN of this scope, undefined for any other text. */
  resourceOf(arn: string): string | undefined {
    const prefix = this.arn('');
    return arn.startsWith(prefix) ? arn.slice(prefix.length) : undefined;
  }

  slice<T>(key: Slice<T>): T {
    const known = this.#slices.get(key.name);
    if (known !== undefined) return known as T;
    const created = key.create(this);
    this.#slices.set(key.name, created);
    return created;
  }

  has(name: string): boolean {
    return this.#slices.has(name);
  }

  /** Another number after each change that may bear on what anybody is allowed to do. */
  get revision(): number {
    return this.#revision;
  }

  announce(change: Change): void {
    // Before anybody hears of it: a listener may ask for a decision.
    if (!BESIDE_THE_POINT.includes(change.kind)) this.#revision++;
    for (const listener of this.#listeners) listener(change, this);
  }
}

/** Changes that no policy decision depends on; devices make many of them. */
const BESIDE_THE_POINT: readonly Change['kind'][] = ['other', 'job', 'job-execution'];

/** A family's part of a scope, with its form in a snapshot. `save` returns plain JSON. */
export interface Slice<T> {
  readonly name: string;
  create(scope: Scope): T;
  save(value: T): unknown;
  load(value: T, saved: unknown): void;
}

export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  return 'aws';
}
