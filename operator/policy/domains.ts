import { keys, normaliseKey } from './request.ts';
import { anyText, thingNames, type Validity, validityOf } from './valid.ts';

const attributeLetters = Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,@/:#-', (char) =>
  char.charCodeAt(0),
);
const attributeLetterSet = new Set(attributeLetters);

/** Thing attribute values: `[a-zA-Z0-9_.,@/:#-]*`, 800 characters (API reference, AttributePayload). */
const attributes: Validity = {
  start: 0,
  states: 1,
  next: (_state, code) => (attributeLetterSet.has(code) ? 0 : -1),
  accepts: () => true,
  outlasts: () => false,
  openings: () => [],
  alphabet: attributeLetters,
  maxBytes: 800,
};

const clientId = normaliseKey(keys.clientId);
const thingName = normaliseKey(keys.thingName);
const thingType = normaliseKey(keys.thingType);
const topic = normaliseKey(keys.topic);

/** The values that a string key can have at all. */
export function domainOf(key: string, maxSlashes: number): Validity {
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
