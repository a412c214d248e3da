import type { FleetSource } from '../../api/fleetsource.gen.ts';
import type { KubeObject } from '../../api/meta.ts';

/** A revision whose files are on this machine. */
export interface Fetched {
  /** As in status, for example `main@sha1:4be1…`. */
  readonly revision: string;
  /** What `spec.path` names: everything below it is the fleet. */
  readonly folder: string;
  /** What links inside the folder may point to. */
  readonly root: string;
}

/** Where a FleetSource's files come from: Git, or a folder of this machine in standalone mode. */
export interface SourceTree {
  /** Asks for the newest revision; throws `SourceError`. Cheap when nothing moved. */
  fetch(source: FleetSource, signal: AbortSignal): Promise<Fetched>;
  /** The files of a revision fetched earlier, for while the remote is down; undefined when they are gone. */
  lastGood(source: FleetSource, revision: string): Promise<Fetched | undefined>;
  /** The source is gone: whatever is kept for it may go. */
  forget(uid: string): Promise<void>;
}

/** One document of the tree and where it stands, for messages. */
export interface LoadedObject {
  readonly object: KubeObject;
  readonly file: string;
  readonly line: number;
}

/** What the manifests of a folder are. With errors, nothing of it may be applied. */
export interface LoadedTree {
  readonly objects: readonly LoadedObject[];
  /** One line each: `file:line:column: message`. */
  readonly errors: readonly string[];
  /** Of all mistakes; `errors` may be cut. */
  readonly errorCount: number;
  /** Objects of foreign kinds. */
  readonly skipped: number;
}

export type TreeLoader = (fetched: Fetched, signal: AbortSignal) => Promise<LoadedTree>;
