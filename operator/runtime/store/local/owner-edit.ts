import type { KubeObject } from '../../../api/meta.ts';
import type { ApplyOptions } from '../../store.ts';
import { StoreError } from '../../store.ts';
import type { FieldError } from '../admission.ts';
import { jsonEqual } from '../json.ts';
import type { Owners } from './state.ts';
import { describeKey, keyParts } from './state.ts';

/** Edits ownership while fields are merged, and collects what another owner would lose without `force`. */
export class OwnerEdit {
  readonly #owners: Record<string, readonly string[]>;
  readonly #owner: string;
  readonly #force: boolean;
  readonly #conflicts: FieldError[] = [];

  constructor(owners: Owners, options: ApplyOptions) {
    this.#owners = { ...owners };
    this.#owner = options.owner;
    this.#force = options.force ?? true;
  }

  get now(): Owners {
    return this.#owners;
  }

  /** The value of one part after this owner applied `wanted` (undefined: it left the part out). */
  merge<T>(part: string, stored: T | undefined, wanted: T | undefined): T | undefined {
    const value = wanted ?? (this.keeps(part) ? stored : undefined);
    this.settle(part, wanted !== undefined, !jsonEqual(value, stored));
    return value;
  }

  /** Whether a part that this owner leaves out stays, because others hold it or this owner never did. */
  keeps(part: string): boolean {
    const holders = this.#owners[part] ?? [];
    return !holders.includes(this.#owner) || holders.length > 1;
  }

  settle(part: string, wanted: boolean, changed: boolean): void {
    const holders = this.#owners[part] ?? [];
    const others = holders.filter((holder) => holder !== this.#owner);
    if (!wanted) {
      if (others.length > 0) this.#owners[part] = others;
      else delete this.#owners[part];
    } else if (!changed) {
      if (others.length === holders.length) this.#owners[part] = [...holders, this.#owner].sort();
    } else {
      if (others.length > 0 && !this.#force) {
        this.#conflicts.push({ field: fieldName(part), message: `is owned by ${others.join(', ')}` });
      }
      this.#owners[part] = [this.#owner];
    }
  }

  refuseConflicts(object: KubeObject): void {
    if (this.#conflicts.length === 0) return;
    const fields = this.#conflicts.map((c) => `${c.field} ${c.message}`).join('; ');
    throw new StoreError('conflict', `${describeKey(keyParts(object))}: ${fields}`, { causes: this.#conflicts });
  }
}

function fieldName(part: string): string {
  const slash = part.indexOf('/');
  if (slash < 0) return part === 'ownerReferences' ? 'metadata.ownerReferences' : part;
  return `metadata.${part.slice(0, slash)}[${part.slice(slash + 1)}]`;
}
