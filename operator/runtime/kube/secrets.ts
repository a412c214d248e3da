import { terminal } from '../errors.ts';
import { isStoreError } from '../store.ts';
import type { KubeClient } from './client.ts';
import { pathOf } from './resources.ts';

/** A Secret by name; it is never listed or watched, so that the operator needs no right to do so. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** Text by key, and whose it is: a Secret without our mark is somebody else's. */
export interface MarkedSecret {
  readonly mark: string;
  readonly data: Readonly<Record<string, string>>;
}

const MARK = 'fleetward.dev/owner';
const MANAGER = 'fleetward-secrets';

interface WireSecret {
  readonly metadata: {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
}

/** Secrets of a cluster. Their values appear in no error: not even the API server's own words are passed on. */
export class KubeSecrets {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Values of anybody's Secret, such as the credentials of a Git remote. */
  async readData(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined> {
    const found = await this.#get({ namespace, name });
    return found && decoded(found);
  }

  /** A mark of `''` says that somebody else made it. */
  async read(id: SecretName): Promise<MarkedSecret | undefined> {
    const found = await this.#get(id);
    return found && { mark: markOf(found), data: decoded(found) };
  }

  /** Creates the Secret, or replaces one with the same mark. Throws `terminal` `SecretExists` for anybody else's. */
  async write(id: SecretName, secret: MarkedSecret): Promise<void> {
    const found = await this.#get(id);
    if (found && markOf(found) !== secret.mark) throw secretExists(id);
    const { uid, resourceVersion } = found?.metadata ?? {};
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: { ...id, uid, resourceVersion, annotations: { [MARK]: secret.mark } },
      data: encoded(secret.data),
    };
    if (!found) return this.#create(id, body);
    await this.#client.json({
      method: 'PATCH',
      path: pathOf('Secret', id),
      query: { fieldManager: MANAGER, force: 'true' },
      body,
      contentType: 'application/apply-patch+yaml',
      ...asking('Writing', id),
    });
  }

  /** By POST, which never touches a Secret that somebody made in between; the next reconcile looks at that one. */
  async #create({ namespace, ...id }: SecretName, body: object): Promise<void> {
    const path = pathOf('Secret', { namespace });
    const query = { fieldManager: MANAGER };
    await this.#client.json({ method: 'POST', path, query, body, ...asking('Creating', { namespace, ...id }) });
  }

  async #get(id: SecretName): Promise<WireSecret | undefined> {
    try {
      return (await this.#client.json({
        method: 'GET',
        path: pathOf('Secret', id),
        ...asking('Reading', id),
      })) as WireSecret;
    } catch (thrown) {
      if (isStoreError(thrown, 'notFound')) return undefined;
      throw thrown;
    }
  }
}

export function secretExists(id: SecretName) {
  return terminal(
    'SecretExists',
    `Secret ${id.namespace}/${id.name} exists and was not made by this operator for this object; it stays as it is. ` +
      'Name another Secret, or remove that one if nobody needs it',
  );
}

const asking = (verb: string, id: SecretName) => ({ what: `${verb} Secret ${id.namespace}/${id.name}`, secret: true });
const markOf = (secret: WireSecret): string => secret.metadata.annotations?.[MARK] ?? '';

const mapped = (data: Readonly<Record<string, string>>, change: (value: string) => string) =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, change(value)]));

const decoded = ({ data = {} }: WireSecret) => mapped(data, (value) => Buffer.from(value, 'base64').toString('utf8'));
const encoded = (data: Readonly<Record<string, string>>) =>
  mapped(data, (value) => Buffer.from(value).toString('base64'));
