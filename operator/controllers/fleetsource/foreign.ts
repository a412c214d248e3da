import type { FleetSource } from '../../api/fleetsource.gen.ts';
import type { KubeObject } from '../../api/meta.ts';
import { keyOf } from '../../api/meta.ts';
import type { EventRecorder } from '../../runtime/events.ts';
import type { Logger } from '../../runtime/log.ts';
import type { ForeignField } from '../../runtime/store.ts';

const MAX_NAMED = 5;

/** The same document over the same stored spec: applying it again would change nothing. */
export function keptMark(document: KubeObject, stored: KubeObject): string {
  return `${stored.metadata.generation} ${JSON.stringify(document.spec)}`;
}

/**
 * What somebody put into the spec of an object that Git describes, beside Git's fields: told on the object, and taken out
 * unless the source only reports it. Otherwise `kubectl edit` could switch off what a reviewed commit relies on.
 */
export class Foreign {
  readonly #policy: FleetSource['spec']['foreignFields'];
  readonly #events: EventRecorder;
  readonly #log: Logger;
  readonly #kept = new Map<string, KubeObject>();

  constructor(
    policy: FleetSource['spec']['foreignFields'],
    { events, log }: { readonly events: EventRecorder; readonly log: Logger },
  ) {
    this.#policy = policy;
    this.#events = events;
    this.#log = log;
  }

  readonly found = (document: KubeObject, fields: readonly ForeignField[]): 'remove' | 'keep' => {
    const removes = this.#policy !== 'Report';
    const named = fields.slice(0, MAX_NAMED).map(({ path, owner }) => `${path} (set by ${owner})`);
    const more = fields.length > MAX_NAMED ? ` and ${fields.length - MAX_NAMED} more` : '';
    const what = removes ? 'and are taken out' : 'and are left in place';
    const message = `Fields that Git does not have ${what}: ${named.join(', ')}${more}`;
    const reason = removes ? 'ForeignFieldsRemoved' : 'ForeignFields';
    this.#events.record(document, { type: 'Warning', reason, message, action: 'Apply' });
    this.#log.warn('Finding fields that Git does not have', { object: keyOf(document), reason, cause: message });
    if (!removes) this.#kept.set(document.metadata.uid ?? '', document);
    return removes ? 'remove' : 'keep';
  };

  /** For an object whose foreign fields were just left in place. */
  keptMark(stored: KubeObject): string | undefined {
    const document = this.#kept.get(stored.metadata.uid ?? '');
    return document && keptMark(document, stored);
  }
}
