import { SourceError } from './errors.ts';

/** What a source follows. When several are given the most exact one counts: commit, then tag, then branch. */
export interface GitRefSpec {
  readonly branch?: string | undefined;
  readonly tag?: string | undefined;
  readonly commit?: string | undefined;
}

export type GitRef =
  | { readonly kind: 'commit'; readonly commit: string }
  | { readonly kind: 'tag'; readonly name: string; readonly ref: string }
  | { readonly kind: 'branch'; readonly name: string; readonly ref: string }
  /** Nothing was named: the branch that the remote's HEAD points to. */
  | { readonly kind: 'head'; readonly ref: 'HEAD' };

export function chooseRef(spec: GitRefSpec | undefined): GitRef {
  if (spec?.commit) return { kind: 'commit', commit: checkCommit(spec.commit) };
  if (spec?.tag) return { kind: 'tag', name: spec.tag, ref: `refs/tags/${checkName('tag', spec.tag)}` };
  if (spec?.branch) return { kind: 'branch', name: spec.branch, ref: `refs/heads/${checkName('branch', spec.branch)}` };
  return { kind: 'head', ref: 'HEAD' };
}

/**
 * The word of `--ref` on the command line, which does not say what it names: forty hex digits are a commit,
 * `refs/heads/…` and `refs/tags/…` are what they say, and a bare name is a branch.
 */
export function parseRefWord(word: string): GitRefSpec {
  if (/^[0-9a-f]{40}([0-9a-f]{24})?$/i.test(word)) return { commit: word.toLowerCase() };
  if (word.startsWith('refs/tags/')) return { tag: word.slice('refs/tags/'.length) };
  if (word.startsWith('tags/')) return { tag: word.slice('tags/'.length) };
  return { branch: word.startsWith('refs/heads/') ? word.slice('refs/heads/'.length) : word };
}

/** `main@sha1:4be1…`: what is followed and what it is at, as status and events show it. */
export function revisionOf(ref: GitRef, commit: string): string {
  const digest = commit.length === 64 ? `sha256:${commit}` : `sha1:${commit}`;
  return ref.kind === 'branch' || ref.kind === 'tag' ? `${ref.name}@${digest}` : digest;
}

/** The commit inside a revision written by `revisionOf`. */
export function commitOf(revision: string | undefined): string | undefined {
  return revision?.slice(revision.lastIndexOf(':') + 1);
}

function checkCommit(commit: string): string {
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return commit;
  throw new SourceError(
    'InvalidRef',
    `spec.ref.commit must be the whole commit id, 40 (or 64) lower-case hex digits; "${commit.slice(0, 80)}" is not`,
  );
}

// The rules of git-check-ref-format(1), and no wildcard, so that a name is always exactly one ref.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const FORBIDDEN = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\.lock(\/|$)|(^|\/)\.|^-|\.$|\/$|^\//;

function checkName(what: 'branch' | 'tag', name: string): string {
  if (name !== '@' && name.length <= 255 && !FORBIDDEN.test(name)) return name;
  throw new SourceError('InvalidRef', `"${name.slice(0, 80)}" cannot be the name of a ${what} in git`);
}
