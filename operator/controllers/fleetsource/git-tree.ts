import type { FleetSource } from '../../api/fleetsource.gen.ts';
import { credentialsFrom, type GitCredentials, noCredentials, type SecretData } from '../../source/git/auth.ts';
import { SourceError } from '../../source/git/errors.ts';
import { commitOf } from '../../source/git/ref.ts';
import type { GitSource } from '../../source/git/source.ts';
import { parseGitUrl } from '../../source/git/url.ts';
import { durationMs } from '../external/duration.ts';
import type { SourceTree } from './tree.ts';

/** Reads one Secret by name, in the source's own namespace; values decoded. */
export type ReadSecret = (namespace: string, name: string) => Promise<SecretData | undefined>;

export interface GitTreeOptions {
  readonly git: GitSource;
  readonly readSecret: ReadSecret;
  /** Beats every secretRef: the flags of standalone mode. */
  readonly credentials?: GitCredentials | undefined;
  /** Names the copy on disk instead of the object's uid: standalone mode reads the tree before it makes the object. */
  readonly id?: string;
}

/** FleetSources as Git repositories. */
export function gitTree({ git, readSecret, credentials, id }: GitTreeOptions): SourceTree {
  const requestOf = ({ metadata, spec, status }: FleetSource) => {
    const last = commitOf(status?.revision);
    return {
      id: id ?? metadata.uid ?? `${metadata.namespace}/${metadata.name}`,
      url: spec.url,
      ref: spec.ref,
      path: spec.path,
      timeoutMs: durationMs(spec.timeout),
      keep: last === undefined ? [] : [last],
    };
  };
  return {
    async fetch(source, signal) {
      const found = credentials ?? (await secretOf(source, readSecret));
      return git.sync({ ...requestOf(source), credentials: found, signal });
    },
    async lastGood(source, revision) {
      const checkout = await git.cached(requestOf(source), commitOf(revision) ?? '');
      return checkout && { ...checkout, revision };
    },
    forget: (uid) => git.forget(id ?? uid),
  };
}

async function secretOf({ metadata, spec }: FleetSource, readSecret: ReadSecret): Promise<GitCredentials> {
  if (!spec.secretRef) return noCredentials;
  const where = `Secret ${metadata.namespace}/${spec.secretRef.name}`;
  const data = await readSecret(metadata.namespace ?? '', spec.secretRef.name);
  if (!data) {
    const message = `${where}, named by secretRef, does not exist; create it in the same namespace`;
    throw new SourceError('InvalidCredentials', message, { retriable: true });
  }
  return credentialsFrom(parseGitUrl(spec.url), data, where);
}
