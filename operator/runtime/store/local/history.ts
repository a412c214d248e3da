import type { KubeObject } from '../../../api/meta.ts';
import type { WatchEvent } from '../../store.ts';
import { StoreError } from '../../store.ts';
import type { Selection } from '../selector.ts';
import { selects } from '../selector.ts';

/** One committed change. `new` is undefined for a removal; `version` is the change's resourceVersion. */
export interface Change {
  readonly version: number;
  readonly old: KubeObject | undefined;
  readonly new: KubeObject | undefined;
}

export interface Cursor {
  /** Version up to which changes were taken. */
  readonly version: number;
  /** Changes since the last call; `gone` when some of them were dropped. */
  take(): readonly Change[];
  close(): void;
}

/** Changes kept for watches that start a little late. */
const KEEP = 1_024;
/** A watcher that falls this far behind is told `gone` instead of keeping every old object in memory. */
const LIMIT = 65_536;

/** The recent past, in order, shared by all watches of the process. */
export class History {
  #changes: Change[] = [];
  /** Every change after this version is still here. */
  #floor: number;
  #current: number;
  readonly #cursors = new Set<{ version: number }>();
  readonly #waiting = new Set<() => void>();

  constructor(current: number) {
    this.#floor = current;
    this.#current = current;
  }

  get current(): number {
    return this.#current;
  }

  append(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    for (const change of changes) this.#changes.push(change);
    this.#current = changes[changes.length - 1]!.version;
    this.#trim();
    this.wake();
  }

  /** Starts after `version`. A version of the future (a restored backup) is refused like one of the distant past. */
  open(version: number): Cursor {
    this.#refuseUnknown(version);
    const position = { version };
    this.#cursors.add(position);
    return {
      get version() {
        return position.version;
      },
      take: () => {
        this.#refuseUnknown(position.version);
        const taken = this.#after(position.version);
        position.version = this.#current;
        return taken;
      },
      close: () => {
        this.#cursors.delete(position);
      },
    };
  }

  /** Calls back once at the next change. */
  onNext(callback: () => void): () => void {
    this.#waiting.add(callback);
    return () => this.#waiting.delete(callback);
  }

  wake(): void {
    const callbacks = [...this.#waiting];
    this.#waiting.clear();
    for (const callback of callbacks) callback();
  }

  #after(version: number): readonly Change[] {
    // Versions rise by one with every change, so the position follows from the version.
    const first = this.#changes[0]?.version;
    if (first === undefined || version >= this.#current) return [];
    return this.#changes.slice(Math.max(0, version + 1 - first));
  }

  #refuseUnknown(version: number): void {
    if (version >= this.#floor && version <= this.#current) return;
    throw new StoreError(
      'gone',
      `Changes after version ${version} are not kept any more (kept: ${this.#floor} to ${this.#current}): list again`,
    );
  }

  #trim(): void {
    if (this.#changes.length < KEEP * 2) return;
    let needed = this.#current - KEEP;
    for (const cursor of this.#cursors) needed = Math.min(needed, cursor.version);
    needed = Math.max(needed, this.#current - LIMIT);
    if (needed <= this.#floor + KEEP / 2) return;
    this.#changes = [...this.#after(needed)];
    this.#floor = needed;
  }
}

/** The change as a watch with this selection sees it: leaving the selection is a deletion, entering it an addition. */
export function project(change: Change, selection: Selection): WatchEvent | undefined {
  const before = change.old !== undefined && selects(selection, change.old);
  const after = change.new !== undefined && selects(selection, change.new);
  if (after) return { type: before ? 'MODIFIED' : 'ADDED', object: change.new! };
  if (!before) return undefined;
  const last = change.new ?? change.old!;
  return { type: 'DELETED', object: withVersion(last, change.version) };
}

function withVersion(object: KubeObject, version: number): KubeObject {
  const resourceVersion = String(version);
  if (object.metadata.resourceVersion === resourceVersion) return object;
  return Object.freeze({ ...object, metadata: Object.freeze({ ...object.metadata, resourceVersion }) });
}
