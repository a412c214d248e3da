/** Where a value sits in an object: property names and list indexes from the root. */
export type Path = readonly (string | number)[];

/** `['spec', 'certificates', 0, 'csr']` as `spec.certificates[0].csr`, the form the API server uses. */
export function pathText(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `["${step}"]`;
  }
  return text;
}

/** Whether `path` is `prefix` or lies below it. */
export function startsWith(path: Path, prefix: Path): boolean {
  return prefix.length <= path.length && prefix.every((step, index) => path[index] === step);
}

/** `.spec.name` or `.certificates` of a CEL rule's fieldPath, as steps. Ours name plain properties only. */
export function parseFieldPath(fieldPath: string): Path {
  return fieldPath.split('.').filter((step) => step !== '');
}
