/**
 * `node --import ./test/simulation/patched.ts test/simulation/mutant.ts` with MUTATION=N: loads the operator with mutation N
 * in it; with MUTATION=none as it is. The text is changed while it is loaded; nothing is written.
 */
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { MUTATIONS } from './mutations.ts';

const mutation = MUTATIONS[Number(process.env.MUTATION)];
const target = mutation === undefined ? undefined : pathToFileURL(mutation.file).href;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (mutation === undefined || url !== target) return loaded;
    const source = String(loaded.source);
    if (source.split(mutation.find).length !== 2)
      throw new Error(`${mutation.file} has not exactly one: ${mutation.find}`);
    return { ...loaded, source: source.replace(mutation.find, () => mutation.replace) };
  },
});
