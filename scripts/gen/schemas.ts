import { type CrdFile, storedVersion } from './crds.ts';

/** The CRDs as a module, so that the bundle validates without reading files. */
export function generateSchemas(crds: readonly CrdFile[]): ReadonlyMap<string, string> {
  const definitions = crds.map(({ crd }) => {
    const { kind, plural, singular, shortNames = [] } = crd.spec.names;
    const { additionalPrinterColumns: columns = [], schema } = storedVersion(crd);
    return { kind, plural, singular, shortNames, columns, schema: schema.openAPIV3Schema };
  });
  const text = `// Generated from crds/ by \`npm run gen\`. Change the CRD, not this file.
import type { KindDefinition } from './schema-types.ts';

/** Every kind with its names, printer columns and structural schema. */
export const kindDefinitions: readonly KindDefinition[] = ${JSON.stringify(definitions, undefined, 1)};
`;
  return new Map([['operator/api/schemas.gen.ts', text]]);
}
