import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VERB_RIGHTS } from '../../operator/rollout/verb-rights.ts';
import { readCrds } from './crds.ts';

const NOTE = '# Generated from crds/ by `npm run gen`. Change the CRD there, not this file.\n';

/**
 * Copies of the CRDs for the chart, with its toggles, and for the kustomize base. The originals keep plain YAML, so that
 * `kubectl apply -f crds/` works; a kustomization.yaml beside them would break it.
 */
export async function generatePackaging(root: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const crds = await readCrds(join(root, 'crds'));
  for (const { file } of crds) {
    const text = await readFile(join(root, 'crds', file), 'utf8');
    files.set(`charts/fleetward/templates/crds/${file}`, templated(text));
    files.set(`manifests/bases/crds/${file}`, NOTE + text);
  }
  const list = crds.map(({ file }) => `  - ${file}\n`).join('');
  const head = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n';
  files.set('manifests/bases/crds/kustomization.yaml', NOTE + head + list);
  files.set('charts/fleetward/files/verbs.yaml', verbs());
  return files;
}

/** The rights that verbs ask for, for the chart's roles. */
function verbs(): string {
  const note = '# Generated from operator/rollout/verb-rights.ts by `npm run gen`.\n';
  const lines = Object.entries(VERB_RIGHTS).map(([resource, names]) => `${resource}: [${names.join(', ')}]\n`);
  return note + lines.join('');
}

function templated(text: string): string {
  // Text that a template engine would take for its own is none of the CRDs' business.
  const escaped = text.replaceAll('{{', '{{ "{{" }}');
  const keep =
    '\nmetadata:\n  {{- if .Values.crds.keep }}\n  annotations:\n    helm.sh/resource-policy: keep\n  {{- end }}\n';
  return `{{- if .Values.crds.install }}\n${NOTE}${escaped.replace('\nmetadata:\n', keep)}{{- end }}\n`;
}
