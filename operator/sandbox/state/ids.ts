/** A version 4 UUID from the sandbox's random, so that a seeded sandbox names things the same each time. */
export function uuid(random: () => number): string {
  const hex = hexDigits(random, 32);
  const variant = '89ab'[Math.floor(random() * 4)] ?? '8';
  return flat(
    `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`,
  );
}

export function hexDigits(random: () => number, count: number): string {
  const words = new Uint32Array(Math.ceil(count / 8));
  for (let i = 0; i < words.length; i++) words[i] = random() * 0x1_0000_0000;
  return Buffer.from(words.buffer).toString('hex').slice(0, count);
}

/**
 * The same text without the pieces it was put together from. The engine keeps those alive, which for a value stored a
 * hundred thousand times is several times its own size. Latin-1 texts only.
 */
export function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** A small seeded generator (mulberry32), enough for ids and delays, not for keys. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
