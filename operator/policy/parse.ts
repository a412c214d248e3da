import { parseJson, unescapePointer } from './json.ts';
import {
  maxPolicySize,
  type ParseFinding,
  type ParseOptions,
  type ParseResult,
  type ParseValueOptions,
  policySize,
} from './parse-result.ts';
import { Shape } from './shape.ts';

/** Far beyond what AWS accepts; longer texts are refused before they are read, to bound time and memory. */
const maxSourceLength = 1_000_000;

/**
 * Reads a policy document from JSON text. Never throws.
 * Elements and their meaning: AWS IoT Core developer guide, "AWS IoT Core policies"; IAM user guide, "JSON policy elements".
 */
export function parsePolicy(source: string, options: ParseOptions = {}): ParseResult {
  if (source.length > maxSourceLength) {
    const message = `the document has ${source.length} characters; AWS accepts ${maxPolicySize}, and it was not read`;
    return {
      document: undefined,
      findings: [{ severity: 'error', code: 'size', message, at: { line: 1, column: 1 } }],
    };
  }
  const parsed = parseJson(source);
  if (parsed.kind === 'error') {
    const { message, at } = parsed.error;
    return { document: undefined, findings: [{ severity: 'error', code: 'syntax', message, at }] };
  }
  const { value, positions, duplicates } = parsed.json;
  const result = parsePolicyValue(value, { ...options, positions, size: policySize(source) });
  if (duplicates.length === 0) return result;
  const more = duplicates.map((pointer): ParseFinding => {
    const key = unescapePointer(pointer.slice(pointer.lastIndexOf('/') + 1));
    const message = `the key ${JSON.stringify(key)} occurs twice; readers differ on which one counts`;
    return { severity: 'error', code: 'duplicate-key', message, at: positions.get(pointer) };
  });
  return { document: undefined, findings: [...result.findings, ...more] };
}

/** Reads a policy document from a value that a JSON or YAML reader has already produced. Never throws. */
export function parsePolicyValue(value: unknown, options: ParseValueOptions = {}): ParseResult {
  return new Shape(options).document(value);
}
