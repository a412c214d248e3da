/**
 * The part of JSONPath that printer columns of CRDs use: `.a.b`, `['a.b']`, `[0]`, `[*]` and
 * `[?(@.field=="value")]`. Returns every match; a path that leads nowhere has none, as in kubectl.
 * https://kubernetes.io/docs/reference/kubectl/jsonpath/
 */
export function jsonPath(path: string, root: unknown): readonly unknown[] {
  let found: readonly unknown[] = [root];
  for (const step of stepsOf(path)) found = found.flatMap((value) => take(value, step));
  return found;
}

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'where'; readonly field: string; readonly equals: string };

const STEP =
  /\.((?:\\.|[^.[\]\\])+)|\[(\d+)\]|\[(\*)\]|\['([^']*)'\]|\[\?\(@\.([\w.-]+)\s*==\s*(?:"([^"]*)"|'([^']*)')\)\]/y;

function stepsOf(path: string): Step[] {
  const text = path.startsWith('{') ? path.slice(1, -1) : path;
  const steps: Step[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const at = STEP.lastIndex;
    const match = STEP.exec(text);
    if (!match) throw new Error(`Unsupported JSONPath ${path} at character ${at + 1}`);
    const [, field, index, all, quoted, where, double, single] = match;
    if (field !== undefined) steps.push({ kind: 'field', name: field.replace(/\\(.)/g, '$1') });
    else if (quoted !== undefined) steps.push({ kind: 'field', name: quoted });
    else if (index !== undefined) steps.push({ kind: 'index', index: Number(index) });
    else if (all !== undefined) steps.push({ kind: 'all' });
    else steps.push({ kind: 'where', field: where ?? '', equals: double ?? single ?? '' });
  }
  return steps;
}

function take(value: unknown, step: Step): readonly unknown[] {
  switch (step.kind) {
    case 'field': {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step.name)) return [];
      return [(value as Record<string, unknown>)[step.name]];
    }
    case 'index':
      return Array.isArray(value) && step.index < value.length ? [value[step.index]] : [];
    case 'all':
      return Array.isArray(value) ? value : typeof value === 'object' && value !== null ? Object.values(value) : [];
    case 'where':
      if (!Array.isArray(value)) return [];
      return value.filter((item) => jsonPath(`.${step.field}`, item).some((found) => String(found) === step.equals));
    default:
      return step satisfies never;
  }
}
