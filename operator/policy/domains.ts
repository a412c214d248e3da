import { arnPrefix } from './options.ts';
import { keys, normaliseKey } from './request.ts';
import { anyText, thingNames, type Validity, validityOf } from './valid.ts';

const attributeLetters = Array.from(
  'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,@/:#-=[]',
  (char) => char.charCodeAt(0),
);
const attributeLetterSet = new Set(attributeLetters);

/** Thing attribute values: `[a-zA-Z0-9_.,@/:#=\[\]-]*`, 800 characters (API reference, AttributePayload). */
const attributes: Validity = {
  next: (_state, code) => (attributeLetterSet.has(code) ? 0 : -1),
  accepts: () => true,
  openings: () => [],
  alphabet: attributeLetters,
  maxBytes: 800,
};

const clientId = normaliseKey(keys.clientId);
const thingName = normaliseKey(keys.thingName);
const thingType = normaliseKey(keys.thingType);
const topic = normaliseKey(keys.topic);
const lastWillTopic = normaliseKey(keys.lastWillTopic);

/** A fixed text and a name behind it: the will topic is given as an ARN of this deployment. */
function behind(text: string, name: Validity): Validity {
  const fixed = Array.from(text, (char) => char.charCodeAt(0));
  const after = fixed.length;
  return {
    next(state, code) {
      if (state >= after) {
        const next = name.next(state - after, code);
        return next < 0 ? next : next + after;
      }
      return code === fixed[state] ? state + 1 : -1;
    },
    accepts: (state) => state >= after && name.accepts(state - after),
    openings: (state) => (state < after ? fixed.slice(state, state + 1) : name.openings(state - after)),
    alphabet: undefined,
    maxBytes: after + name.maxBytes,
  };
}

/** What a domain depends on. */
export type DomainOptions = Parameters<typeof arnPrefix>[0];

/** The values that a string key can have at all. */
export function domainOf(key: string, options: DomainOptions): Validity {
  const { maxSlashes } = options;
  if (key === lastWillTopic) return behind(`${arnPrefix(options)}topic/`, validityOf('topic', maxSlashes));
  if (key === clientId) return validityOf('client', maxSlashes);
  if (key === thingName || key === thingType) return thingNames;
  if (key === topic) return validityOf('topic', maxSlashes);
  if (key.startsWith('iot:connection.thing.attributes[')) return attributes;
  return anyText;
}

/** The spelling that AWS documents, for keys shown to people; others as first written in a policy. */
export const documentedSpelling: ReadonlyMap<string, string> = new Map(
  [...Object.values(keys), 'iot:DomainName', 'iot:CertificateId'].map((name) => [normaliseKey(name), name]),
);
