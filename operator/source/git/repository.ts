import { access, mkdir, readdir, readlink, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import type { GitSession } from './environment.ts';
import { SourceError } from './errors.ts';
import type { GitRef } from './ref.ts';
import { checkSymlink, checkTree, type GitLimits, mebibytes, parseTree, type TreeEntry } from './tree.ts';
import type { GitUrl } from './url.ts';

/** Where what was fetched last is kept, whatever the remote calls it. */
const HEAD_REF = 'refs/fleetward/head';
/** Each fetch leaves a pack; beyond this many a fresh copy is cheaper than a repack. */
const MAX_PACKS = 50;
const SIZE_CHECK_MS = 250;

export interface RepositoryOptions {
  /** Folder of this source: `repo.git` and `trees/<commit>`. */
  readonly folder: string;
  readonly url: GitUrl;
  readonly limits: GitLimits;
  readonly clock: Clock;
  readonly git: GitSession;
  /** Ends the running git when the copy grows beyond its limit. */
  readonly abort: (reason: SourceError) => void;
}

/** Our copy of one remote: a bare repository that holds little more than the commits asked for, and checked-out trees. */
export class Repository {
  readonly #options: RepositoryOptions;
  readonly #bare: string;

  constructor(options: RepositoryOptions) {
    this.#options = options;
    this.#bare = join(options.folder, 'repo.git');
  }

  /** The commit that the remote's ref is at, in one round trip and without fetching. */
  async resolve(ref: GitRef): Promise<string> {
    if (ref.kind === 'commit') return ref.commit;
    await this.#prepare();
    const patterns = ref.kind === 'tag' ? [ref.ref, `${ref.ref}^{}`] : [ref.ref];
    const lines = parseRefs(await this.#git(['ls-remote', '--', this.#options.url.text, ...patterns]));
    // `tag^{}` is the commit that an annotated tag names; ls-remote matches tails, so the name is compared again.
    const commit = lines.get(`${ref.ref}^{}`) ?? lines.get(ref.ref);
    if (commit) return commit;
    throw await this.#missing(ref);
  }

  /** True when that commit's tree is already on disk, whole. */
  async has(commit: string): Promise<boolean> {
    return (await exists(this.#marker(commit))) && (await this.#contains(commit));
  }

  treeOf(commit: string): string {
    return join(this.#options.folder, 'trees', commit);
  }

  /** Brings the ref's commit here; returns the commit that arrived, which a push may have moved since `resolve`. */
  async fetch(ref: GitRef): Promise<string> {
    await this.#prepare();
    if (await this.#tooManyPacks()) await this.wipe();
    await this.#prepare();
    const stop = this.#watchSize();
    try {
      if (ref.kind === 'commit') await this.#fetchCommit(ref.commit);
      else await this.#fetchSpec(ref.ref);
    } finally {
      stop();
    }
    await this.#checkSize();
    const wanted = ref.kind === 'commit' ? ref.commit : HEAD_REF;
    return (await this.#git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${wanted}^{commit}`])).trim();
  }

  /** Writes a fetched commit's files, after everything that can be refused was looked at. Returns the folder. */
  async checkout(commit: string, path: string): Promise<string> {
    const folder = this.treeOf(commit);
    const entries = parseTree(await this.#git(['ls-tree', '-r', '-l', '-z', '--full-tree', commit]));
    const symlinks = checkTree(entries, path, this.#options.limits);
    if (await this.has(commit)) return folder;
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(this.#options.folder, 'trees'), { recursive: true });
    await this.#git(['worktree', 'prune']);
    await this.#git(['worktree', 'add', '--force', '--detach', '--quiet', '--', folder, commit]);
    await this.#checkLinks(folder, symlinks);
    // A tree counts only with its mark, so that one cut off by SIGKILL is written again.
    await writeFile(this.#marker(commit), '');
    return folder;
  }

  /** Removes the trees of all other commits. */
  async keepOnly(commits: readonly string[]): Promise<void> {
    const trees = join(this.#options.folder, 'trees');
    for (const name of await readdir(trees).catch(() => [])) {
      if (commits.includes(name.replace(/\.whole$/, ''))) continue;
      await rm(join(trees, name), { recursive: true, force: true });
    }
  }

  /** Forgets everything fetched; the trees stay. */
  async wipe(): Promise<void> {
    await rm(this.#bare, { recursive: true, force: true });
  }

  async #fetchSpec(from: string): Promise<void> {
    const { url } = this.#options;
    const fixed = ['fetch', '--quiet', '--force', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head'];
    const remote = ['--', url.text, `+${from}:${HEAD_REF}`];
    try {
      await this.#git([...fixed, '--depth=1', ...remote]);
    } catch (error) {
      // Web servers without git's program on them cannot cut history; they are small and rare.
      if (!/dumb http transport does not support shallow/.test(String(error))) throw error;
      await this.#git([...fixed, ...remote]);
    }
  }

  async #fetchCommit(commit: string): Promise<void> {
    if (await this.#contains(commit)) return;
    try {
      await this.#fetchSpec(commit);
    } catch (error) {
      if (!/not our ref|unadvertised object|remote error|couldn't find remote ref/i.test(String(error))) throw error;
      await this.#fetchEverything();
    }
    if (await this.#contains(commit)) return;
    throw new SourceError(
      'RefNotFound',
      `${this.#options.url.text} has no commit ${commit} on any branch or tag; was it force-pushed away?`,
    );
  }

  /** A server that serves no single commits: all branches and tags with their history. */
  async #fetchEverything(): Promise<void> {
    const shallow = await exists(join(this.#bare, 'shallow'));
    const fixed = ['fetch', '--quiet', '--force', '--no-recurse-submodules', '--no-write-fetch-head'];
    const specs = ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*'];
    await this.#git([...fixed, ...(shallow ? ['--unshallow'] : []), '--', this.#options.url.text, ...specs]);
  }

  async #contains(commit: string): Promise<boolean> {
    return this.#git(['cat-file', '-e', `${commit}^{commit}`]).then(
      () => true,
      () => false,
    );
  }

  async #checkLinks(folder: string, links: readonly TreeEntry[]): Promise<void> {
    const root = await realpath(folder);
    for (const { path } of links) {
      checkSymlink(path, await readlink(join(folder, path)));
      // A chain of links can leave although each one alone seems to stay.
      const real = await realpath(join(folder, path)).catch(() => root);
      if (real !== root && !real.startsWith(root + sep)) checkSymlink(path, real);
    }
  }

  async #prepare(): Promise<void> {
    if (await exists(join(this.#bare, 'HEAD'))) return;
    await rm(this.#bare, { recursive: true, force: true });
    await mkdir(this.#bare, { recursive: true, mode: 0o700 });
    await this.#git(['init', '--bare', '--quiet']);
    // Beats every .gitattributes of the source: files arrive as they are in the repository, no filter, no conversion.
    await mkdir(join(this.#bare, 'info'), { recursive: true });
    await writeFile(
      join(this.#bare, 'info', 'attributes'),
      '* -text -eol -filter -ident -working-tree-encoding -crlf\n',
    );
  }

  async #missing(ref: Exclude<GitRef, { kind: 'commit' }>): Promise<SourceError> {
    const { url } = this.#options;
    const all = parseRefs(await this.#git(['ls-remote', '--heads', '--', url.text]));
    if (all.size === 0) {
      return new SourceError('EmptyRepository', `${url.text} has no commits yet; push a branch to it`);
    }
    const names = [...all.keys()].map((name) => name.replace('refs/heads/', ''));
    const some = names.slice(0, 5).join(', ') + (names.length > 5 ? ', …' : '');
    if (ref.kind === 'head') {
      return new SourceError('RefNotFound', `${url.text} has no default branch; name one of its branches (${some})`);
    }
    return new SourceError('RefNotFound', `${url.text} has no ${ref.kind} "${ref.name}" (its branches: ${some})`);
  }

  /** Looks at the packs while git writes them, so that a huge repository ends early and not with a full disk. */
  #watchSize(): () => void {
    const { clock } = this.#options;
    let stopped = false;
    const look = () => {
      this.#checkSize().then(
        () => {
          if (!stopped) timer = clock.after(SIZE_CHECK_MS, look);
        },
        (error: unknown) => {
          if (!stopped && error instanceof SourceError) this.#options.abort(error);
        },
      );
    };
    let timer = clock.after(SIZE_CHECK_MS, look);
    return () => {
      stopped = true;
      timer.cancel();
    };
  }

  async #checkSize(): Promise<void> {
    const { limits, url } = this.#options;
    let bytes = 0;
    for (const { size } of await this.#packs()) bytes += size;
    if (bytes <= limits.maxRepositoryBytes) return;
    throw new SourceError(
      'RepositoryTooLarge',
      `${url.text} is larger than the ${mebibytes(limits.maxRepositoryBytes)} that are allowed; ` +
        'keep the fleet in a repository of its own',
    );
  }

  async #tooManyPacks(): Promise<boolean> {
    return (await this.#packs()).filter(({ name }) => name.endsWith('.pack')).length > MAX_PACKS;
  }

  async #packs(): Promise<{ name: string; size: number }[]> {
    const folder = join(this.#bare, 'objects', 'pack');
    const names = await readdir(folder).catch(() => []);
    // git renames its temporary packs while we look.
    const sizes = names.map((name) =>
      stat(join(folder, name))
        .then((s) => s.size)
        .catch(() => 0),
    );
    return (await Promise.all(sizes)).map((size, index) => ({ name: names[index] ?? '', size }));
  }

  #marker(commit: string): string {
    return `${this.treeOf(commit)}.whole`;
  }

  #git(args: readonly string[]): Promise<string> {
    return this.#options.git.run(this.#bare, args);
  }
}

function parseRefs(output: string): Map<string, string> {
  const refs = new Map<string, string>();
  for (const line of output.split('\n')) {
    const [commit, name] = line.split('\t');
    if (commit && name) refs.set(name.trim(), commit);
  }
  return refs;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
