import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, realpath, rm, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import process from 'node:process';
import type { Clock } from '../../runtime/clock.ts';
import { type GitCredentials, noCredentials } from './auth.ts';
import { type GitSession, type GitSettings, openGit, PRIVATE_PREFIX } from './environment.ts';
import { SourceError } from './errors.ts';
import { explainGitFailure } from './explain.ts';
import { chooseRef, type GitRefSpec, revisionOf } from './ref.ts';
import { Repository } from './repository.ts';
import { cleanPath, defaultLimits, type GitLimits } from './tree.ts';
import { type GitUrl, parseGitUrl } from './url.ts';

export interface GitSourceOptions {
  /** Folder for copies and checkouts; may be lost at any time. */
  readonly cache: string;
  readonly clock: Clock;
  readonly settings: GitSettings;
  readonly limits?: GitLimits;
  /** file:// reads this machine's disk: an operator's setting, off in a cluster unless asked for. */
  readonly allowFile?: boolean;
}

export interface SyncRequest {
  /** Names the copy: the FleetSource's uid. */
  readonly id: string;
  readonly url: string;
  readonly ref?: GitRefSpec | undefined;
  readonly path?: string | undefined;
  readonly credentials?: GitCredentials;
  /** For the whole errand. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Commits whose checkout must stay, beside the one that this call returns. */
  readonly keep?: readonly string[];
}

export interface Checkout {
  readonly commit: string;
  /** `main@sha1:…`, as in status. */
  readonly revision: string;
  /** Root of the checked-out repository. */
  readonly root: string;
  /** `spec.path` inside it. */
  readonly folder: string;
}

/** The port to Git. One per operator; different sources may sync at the same time, one source never twice at once. */
export class GitSource {
  readonly #options: GitSourceOptions;
  #swept: Promise<void> | undefined;

  constructor(options: GitSourceOptions) {
    this.#options = options;
  }

  /**
   * Asks the remote where the ref is, fetches what is new and checks it out. Throws `SourceError` only. When nothing
   * moved it costs one round trip and writes nothing.
   */
  async sync(request: SyncRequest): Promise<Checkout> {
    const url = this.#parse(request.url);
    const ref = chooseRef(request.ref);
    const path = cleanPath(request.path);
    return this.#withGit(url, request, async (repository) => {
      let commit = await repository.resolve(ref);
      if (!(await repository.has(commit))) commit = await repository.fetch(ref);
      const root = await repository.checkout(commit, path);
      await repository.keepOnly([commit, ...(request.keep ?? [])]);
      return { commit, revision: revisionOf(ref, commit), root, folder: await folderIn(root, path) };
    });
  }

  /** The checkout of a commit synced earlier, without asking the remote; undefined when it is not on disk any more. */
  async cached(request: Pick<SyncRequest, 'id' | 'url' | 'path'>, commit: string): Promise<Checkout | undefined> {
    const url = this.#parse(request.url);
    const root = join(this.#folder(request.id, url), 'trees', commit);
    const whole = await stat(`${root}.whole`).catch(() => undefined);
    if (!whole) return undefined;
    return { commit, revision: commit, root, folder: await folderIn(root, cleanPath(request.path)) };
  }

  /** Removes everything kept for a source that is gone. */
  async forget(id: string): Promise<void> {
    const names = await readdir(this.#options.cache).catch(() => []);
    for (const name of names.filter((n) => n.startsWith(`${idOf(id)}-`))) {
      await rm(join(this.#options.cache, name), { recursive: true, force: true });
    }
  }

  #parse(text: string): GitUrl {
    const url = parseGitUrl(text);
    if (url.protocol === 'file' && this.#options.allowFile !== true) {
      throw new SourceError('InvalidUrl', `file:// sources are not allowed by this operator's settings: ${text}`);
    }
    return url;
  }

  #folder(id: string, url: GitUrl): string {
    return join(this.#options.cache, `${idOf(id)}-${hash(url.text).slice(0, 16)}`);
  }

  async #withGit(
    url: GitUrl,
    request: SyncRequest,
    work: (repository: Repository) => Promise<Checkout>,
  ): Promise<Checkout> {
    const { cache, clock, settings, limits = defaultLimits } = this.#options;
    const folder = this.#folder(request.id, url);
    const stop = new AbortController();
    const seconds = Math.ceil(request.timeoutMs / 1000);
    const late = new SourceError('Timeout', `Fetching ${url.text} took longer than ${seconds} s and was ended`, {
      retriable: true,
    });
    const timer = clock.after(request.timeoutMs, () => stop.abort(late));
    let git: GitSession | undefined;
    try {
      this.#swept ??= this.#sweep();
      await this.#swept;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const signal = AbortSignal.any([stop.signal, request.signal]);
      git = await openGit({ settings, cache, url, credentials: request.credentials ?? noCredentials, signal });
      const abort = (reason: SourceError) => stop.abort(reason);
      const repository = new Repository({ folder, url, limits, clock, git, abort });
      return await attempt(repository, work);
    } catch (error) {
      if (stop.signal.aborted) throw stop.signal.reason;
      request.signal.throwIfAborted();
      throw explainGitFailure(url, error);
    } finally {
      timer.cancel();
      await git?.close();
    }
  }

  /** Private folders of a process that was killed hold keys: they go before anything else happens. */
  async #sweep(): Promise<void> {
    await mkdir(this.#options.cache, { recursive: true, mode: 0o700 });
    await checkOurs(this.#options.cache);
    for (const name of await readdir(this.#options.cache).catch(() => [])) {
      if (!name.startsWith(PRIVATE_PREFIX)) continue;
      await rm(join(this.#options.cache, name), { recursive: true, force: true });
    }
  }
}

/** A folder that others may write to (say, one that waited for us in /tmp) could make us read their fleet as ours. */
async function checkOurs(folder: string): Promise<void> {
  const found = await lstat(folder);
  const uid = process.getuid?.();
  const ours = found.isDirectory() && (uid === undefined || found.uid === uid) && (found.mode & 0o022) === 0;
  if (ours) return;
  throw new SourceError(
    'FetchFailed',
    `The folder ${folder} for copies of repositories belongs to somebody else or may be written by others; remove it, or choose another`,
  );
}

/** What only our own copy can have wrong: a lock left by a killed git, a pack cut off by a full disk. */
const OUR_COPY_IS_BROKEN = /\.lock': File exists|bad object|corrupt|unable to read|missing blob|loose object|bad pack/i;

async function attempt(repository: Repository, work: (repository: Repository) => Promise<Checkout>): Promise<Checkout> {
  try {
    return await work(repository);
  } catch (error) {
    if (error instanceof SourceError || !OUR_COPY_IS_BROKEN.test(String(error))) throw error;
    await repository.wipe();
    return await work(repository);
  }
}

async function folderIn(root: string, path: string): Promise<string> {
  const folder = join(root, path);
  const [realRoot, real] = await Promise.all([realpath(root), realpath(folder).catch(() => undefined)]);
  if (real !== undefined && (real === realRoot || real.startsWith(realRoot + sep))) return folder;
  throw new SourceError('InvalidPath', `The commit has nothing at spec.path "${path}"`);
}

function idOf(id: string): string {
  return hash(id).slice(0, 16);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
