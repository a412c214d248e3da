import { createSchemaRegistry } from '../../../operator/api/validate.ts';
import { systemClock } from '../../../operator/runtime/clock.ts';
import { openLocalStore } from '../../../operator/runtime/store/local/open.ts';
import { document, temporaryFolder } from '../../support/store.ts';
import { runStoreConformance } from './conformance.ts';

runStoreConformance({
  name: 'the local store',
  open: async () => {
    const folder = temporaryFolder();
    const options = { folder: folder.path, admission: createSchemaRegistry(), clock: systemClock };
    // A store that has run before, like any server: what happened in an earlier process is not kept as history.
    const before = await openLocalStore(options);
    for (const name of ['one', 'two'])
      await before.apply(document('ThingGroup', name, { spec: {} }), { owner: 'before' });
    await before.close();
    const store = await openLocalStore(options);
    return {
      store,
      namespace: 'factory',
      async [Symbol.asyncDispose]() {
        await store.close();
        folder[Symbol.dispose]();
      },
    };
  },
});
