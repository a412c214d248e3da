/** What a declared client id may name besides plain text; see `Device.spec.clientIds`. */
export interface ClientIdSubject {
  readonly thingName: string;
  readonly thingTypeName?: string | undefined;
}

/** Client ids that AWS tells nothing of: no lifecycle events, no connectivity (life-cycle-events). */
export function tellsNothing(clientId: string): boolean {
  return /[+#]/.test(clientId);
}

/** The declared ids with their variables filled in. `*` and `?` stay patterns. */
export function fillClientIds(declared: readonly string[] | undefined, subject: ClientIdSubject): readonly string[] {
  return (declared ?? [subject.thingName]).map((id) =>
    id
      .replaceAll(/\$\{iot:Connection\.Thing\.ThingName\}/gi, subject.thingName)
      .replaceAll(/\$\{iot:Connection\.Thing\.ThingTypeName\}/gi, subject.thingTypeName ?? ''),
  );
}

export function isPattern(declared: string): boolean {
  return /[*?]/.test(declared);
}

/** Whether a client id is one of those declared. */
export function isDeclared(clientId: string, declared: readonly string[]): boolean {
  return declared.some((id) => id === clientId || (isPattern(id) && globFits(id, clientId)));
}

/** Linear in both texts: patterns come from people, client ids from whoever holds a certificate. */
function globFits(pattern: string, text: string): boolean {
  let [p, t] = [0, 0];
  let [star, resume] = [-1, 0];
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p;
      p += 1;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      resume += 1;
      t = resume;
      p = star + 1;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
