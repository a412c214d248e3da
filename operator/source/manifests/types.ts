import type { KubeObject } from '../../api/meta.ts';

/** Where something stands in a file; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong in a tree, or worth knowing. */
export interface ManifestProblem extends Position {
  /** `error`: the tree must not be applied. `warning`: it may. */
  readonly severity: 'error' | 'warning';
  /** Stable word for machines, for example `UnknownField`. */
  readonly code: ProblemCode;
  /** What is wrong, and what was expected. */
  readonly message: string;
  /** `spec.certificates[0].csr` */
  readonly field?: string;
  /** `Device/press-1`, where the object is known. */
  readonly object?: string;
  /** The nearest valid name, where one is close. */
  readonly nearest?: string;
}

export type ProblemCode =
  | 'BadFile'
  | 'TooLarge'
  | 'BadSyntax'
  | 'NotAnObject'
  | 'UnknownKind'
  | 'UnknownField'
  | 'BadValue'
  | 'ServerField'
  | 'VerbInGit'
  | 'Kustomization'
  | 'Duplicate'
  | 'DanglingReference'
  | 'BadHierarchy'
  | 'DocumentTooLong';

/** An object of our group as its author wrote it: no defaults filled in. Frozen. */
export interface LoadedObject extends Position {
  readonly object: KubeObject;
}

export interface ManifestTree {
  readonly objects: readonly LoadedObject[];
  /** In the order of files and lines. At most `maxProblems` of each severity; the counts are of all. */
  readonly errors: readonly ManifestProblem[];
  readonly warnings: readonly ManifestProblem[];
  readonly errorCount: number;
  readonly warningCount: number;
  /** Objects of other groups, which Fleetward does not apply: how many of each `apiVersion/kind`. */
  readonly skippedForeign: Readonly<Record<string, number>>;
  /** Files that were read. */
  readonly files: number;
}

export interface LoadLimits {
  /** Bytes of one file. Default 256 MiB. */
  readonly fileBytes: number;
  /** Bytes of one document in a file. Default 16 MiB. */
  readonly documentBytes: number;
  /** Bytes of a document that needs the full parser (anchors, flow style over lines, mistakes). Default 512 KiB. */
  readonly complexBytes: number;
  /** Files of a tree. Default 250,000. */
  readonly files: number;
  /** Problems of each severity that are kept. Default 1,000. */
  readonly problems: number;
}

export const defaultLoadLimits: LoadLimits = {
  fileBytes: 256 * 1024 * 1024,
  documentBytes: 16 * 1024 * 1024,
  complexBytes: 512 * 1024,
  files: 250_000,
  problems: 1_000,
};
