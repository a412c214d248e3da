import type { KubeObject } from '../../api/meta.ts';
import { FINALIZER } from '../../controllers/external/removal.ts';
import { counted } from '../../report/count.ts';
import { KubeLeaseLock } from '../../runtime/lease/kube-lock.ts';
import { KubeStore } from '../../runtime/store/kube/kube-store.ts';
import { isStoreError, type Store } from '../../runtime/store.ts';
import { type Parsed, parseArguments } from '../args/parse.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { connectToCluster, personsKubeConfig } from '../operator/cluster-client.ts';
import { findKinds } from './find-kind.ts';
import { releaseSpec } from './release-spec.ts';

const PAGE = 500;
const ANSWER_MS = 30_000;

/** `fleetward release`: finalizers off, where nobody is left to act on them. */
export async function releaseCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(releaseSpec, argv);
  const question = questionFrom(args);
  const client = connectToCluster({
    file: personsKubeConfig(args.text('kubeconfig')),
    advice: 'Give --kubeconfig FILE, or set KUBECONFIG',
  });
  try {
    if (!args.has('force')) await refuseBesideOperator(new KubeLeaseLock({ client, ...leaseOf(args) }), args);
    const store = new KubeStore({ client, random: Math.random });
    return await release(question, { store, io, dryRun: args.has('dry-run') });
  } catch (error) {
    if (isStoreError(error)) throw new CommandError(`${error.message}.`, Exit.failed, error);
    throw error;
  } finally {
    await client.close();
  }
}

interface Question {
  readonly namespace: string;
  readonly kinds: readonly string[];
  /** Empty: all of these kinds. */
  readonly names: readonly string[];
}

function questionFrom(args: Parsed): Question {
  const namespace = args.text('namespace');
  if (namespace === undefined) throw new UsageError('release needs --namespace: it never acts on a whole cluster');
  const [word, ...names] = args.positionals;
  if (args.has('all') === (word !== undefined)) {
    throw new UsageError('release takes either --all, or a KIND and the names of objects');
  }
  const kinds = findKinds(word ?? 'fleet').map(({ kind }) => kind);
  if (kinds.length > 1 && names.length > 0) throw new UsageError('A name needs exactly one kind');
  return { namespace, kinds, names };
}

const leaseOf = (args: Parsed) => ({
  namespace: args.text('operator-namespace') ?? 'fleetward-system',
  name: args.text('lease') ?? 'fleetward',
});

/** By the holder's own clock, which nothing here can check: a lease that was renewed just now has a living holder. */
async function refuseBesideOperator(lock: KubeLeaseLock, args: Parsed): Promise<void> {
  let lease: Awaited<ReturnType<KubeLeaseLock['get']>>;
  try {
    lease = await lock.get(AbortSignal.timeout(ANSWER_MS));
  } catch (error) {
    if (!isStoreError(error, 'forbidden')) throw error;
    throw new CommandError(
      `Whether an operator runs cannot be seen: the Lease ${lock.name} may not be read. If none does, give --force`,
      Exit.failed,
      error,
    );
  }
  if (lease === undefined || lease.record.holder === '') return;
  const { holder, renewedAt, leaseDurationMs } = lease.record;
  const age = Date.now() - renewedAt;
  if (age > leaseDurationMs) return;
  const { namespace, name } = leaseOf(args);
  throw new CommandError(
    `An operator leads: ${holder} holds the Lease ${namespace}/${name} and renewed it ${Math.max(0, Math.round(age / 1000))} s ago. Delete the objects while it runs, and it removes from AWS what has to go; or stop it first`,
    Exit.bad,
  );
}

interface Means {
  readonly store: Store;
  readonly io: CliIo;
  readonly dryRun: boolean;
}

async function release(question: Question, { store, io, dryRun }: Means): Promise<number> {
  const missing = new Set(question.names);
  let count = 0;
  for (const kind of question.kinds) {
    for await (const object of objectsOf(store, kind, question.namespace)) {
      const { name, uid = '', finalizers = [] } = object.metadata;
      if (question.names.length > 0 && !question.names.includes(name)) continue;
      missing.delete(name);
      if (!finalizers.includes(FINALIZER)) continue;
      if (!dryRun) await takeOff(store, { kind, namespace: question.namespace, name, uid });
      io.stdout(`${kind.toLowerCase()}.fleetward.dev/${name} ${dryRun ? 'would be released' : 'released'}\n`);
      count += 1;
    }
  }
  if (missing.size > 0) {
    const names = [...missing].join(', ');
    throw new CommandError(`There is no ${question.kinds[0]} ${names} in namespace ${question.namespace}`, Exit.bad);
  }
  io.stderr(
    `${counted(count, 'object')} of ${question.namespace} ${dryRun ? 'would be released' : 'released'}; AWS is as it was.\n`,
  );
  return Exit.ok;
}

async function* objectsOf(store: Store, kind: string, namespace: string): AsyncGenerator<KubeObject> {
  let next: string | undefined;
  do {
    const page = await store.list({ kind, namespace, limit: PAGE, ...(next === undefined ? {} : { continue: next }) });
    yield* page.items;
    next = page.continue;
  } while (next !== undefined);
}

async function takeOff(store: Store, key: Parameters<Store['setFinalizer']>[0]): Promise<void> {
  try {
    await store.setFinalizer(key, FINALIZER, false);
  } catch (error) {
    // Gone in between is what was wanted.
    if (!isStoreError(error, 'notFound')) throw error;
  }
}
