import type { KubeObject } from '../../api/meta.ts';
import { formatVerbValue, VERB_PREFIX } from '../../rollout/verbs.ts';
import { systemClock } from '../../runtime/clock.ts';
import { KubeClient } from '../../runtime/kube/client.ts';
import { loadKubeConfig, type PooledKubeConfig } from '../../runtime/kube/config.ts';
import { pathOf } from '../../runtime/kube/resources.ts';
import { KubeStore } from '../../runtime/store/kube/kube-store.ts';
import { isStoreError, StoreError } from '../../runtime/store.ts';
import { CommandError, Exit } from '../exit.ts';
import type { AskedVerb } from '../operator/requests.ts';
import type { ShownEvent } from '../output/describe.ts';
import type { FleetAccess } from './access.ts';

export interface KubeAccessOptions {
  /** Default: where kubectl looks. */
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly namespace: string | undefined;
}

/** Field manager of annotations that a person sets with this command. */
const FIELD_MANAGER = 'fleetward-cli';

/** The API server as `kubectl` reaches it, under the user's own name and rights. */
export function openKubeAccess(options: KubeAccessOptions): FleetAccess {
  const config = connect(options);
  const client = new KubeClient({ config, clock: systemClock, random: Math.random });
  const store = new KubeStore({ client, random: Math.random });
  const context = config.getCurrentContext();
  const namespace = options.namespace ?? config.getContextObject(context)?.namespace ?? 'default';

  async function all(kind: string, within: string): Promise<readonly KubeObject[]> {
    const found: KubeObject[] = [];
    let next: string | undefined;
    do {
      const more = next === undefined ? {} : { continue: next };
      const page = await inWords(store.list({ kind, namespace: within, limit: 500, ...more }));
      found.push(...page.items);
      next = page.continue;
    } while (next !== undefined);
    return found;
  }

  return {
    mode: 'cluster',
    place: `context ${context}`,
    namespace,
    list: (kind) => all(kind, namespace),
    get: (kind, within, name) => inWords(store.get({ kind, namespace: within, name })),
    async eventsOf({ metadata }) {
      const events = (await all('Event', metadata.namespace ?? namespace)) as unknown as readonly ShownEvent[];
      const own = events.filter(({ regarding }) => regarding?.uid === metadata.uid);
      return own.sort((a, b) => ((a.eventTime ?? '') < (b.eventTime ?? '') ? -1 : 1));
    },
    async send(token, verb) {
      const user = await inWords(whoAmI(client));
      const { subject, remark } = verb;
      const value = verb.lift === true ? null : formatVerbValue({ token, subject, remark, user });
      await inWords(annotate(client, verb, value));
    },
    refusal: () => undefined,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

function connect({ kubeconfig, context }: KubeAccessOptions): PooledKubeConfig {
  try {
    return loadKubeConfig({
      ...(kubeconfig === undefined ? { asKubectl: true } : { file: kubeconfig }),
      ...(context === undefined ? {} : { context }),
    });
  } catch (error) {
    const advice = 'Give --kubeconfig FILE, or --state FOLDER for a standalone fleet';
    throw new CommandError(`There is no cluster to ask: ${(error as Error).message}. ${advice}`, Exit.failed, error);
  }
}

/** As the API server knows the user: the name that the admission policy compares with. */
async function whoAmI(client: KubeClient): Promise<string> {
  const apiVersion = 'authentication.k8s.io/v1';
  const answer = (await client.json({
    method: 'POST',
    path: `/apis/${apiVersion}/selfsubjectreviews`,
    body: { apiVersion, kind: 'SelfSubjectReview' },
    what: 'Asking who you are',
  })) as { readonly status?: { readonly userInfo?: { readonly username?: string } } };
  const user = answer.status?.userInfo?.username;
  if (user === undefined) throw new StoreError('unavailable', 'The API server does not say who you are');
  return user;
}

/** Names the uid: an object that was made anew under this name is another one. */
async function annotate(client: KubeClient, verb: AskedVerb, value: string | null): Promise<void> {
  const { kind, namespace, name, uid } = verb;
  await client.json({
    method: 'PATCH',
    path: pathOf(kind, { namespace, name }),
    query: { fieldManager: FIELD_MANAGER },
    contentType: 'application/merge-patch+json',
    body: { metadata: { uid, annotations: { [VERB_PREFIX + verb.verb]: value } } },
    what: `Asking for ${verb.verb} on ${kind} ${namespace}/${name}`,
  });
}

async function inWords<T>(act: Promise<T>): Promise<T> {
  try {
    return await act;
  } catch (error) {
    if (isStoreError(error)) throw new CommandError(error.message, Exit.failed, error);
    throw error;
  }
}
