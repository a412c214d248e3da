import { awsError } from '../errors.ts';

const MAX_CHARACTERS = 2048;

const ELEMENTS = ['Sid', 'Effect', 'Action', 'Resource', 'NotResource', 'Condition'];

/** Refuses documents that CreatePolicy refuses: no JSON, not a policy, or more than 2,048 characters without white space. */
export function checkDocument(text: string): void {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw malformed('This policy contains invalid Json');
  }
  if (text.replace(/\s/g, '').length > MAX_CHARACTERS) {
    throw malformed(`Policy document exceeds ${MAX_CHARACTERS} characters, white space not counted`);
  }
  if (!isRecord(document)) throw malformed('The policy document must be an object');
  const { Version: version, Statement: statement } = document;
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17') {
    throw malformed('The policy must contain a valid version string');
  }
  const statements = Array.isArray(statement) ? statement : [statement];
  if (statements.length === 0) throw malformed('The policy must contain a statement');
  for (const entry of statements) checkStatement(entry);
}

function checkStatement(statement: unknown): void {
  if (!isRecord(statement)) throw malformed('Each statement must be an object');
  const unknown = Object.keys(statement).find((key) => !ELEMENTS.includes(key));
  if (unknown !== undefined) throw malformed(`Statements cannot contain the element ${unknown}`);
  if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny') throw malformed('Effect must be Allow or Deny');
  if (!isTexts(statement.Action)) throw malformed('Policy statement must contain actions');
  const resource = statement.Resource ?? statement.NotResource;
  if (!isTexts(resource)) throw malformed('Policy statement must contain resources');
  if (statement.Condition !== undefined && !isRecord(statement.Condition)) {
    throw malformed('Condition must be an object');
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isTexts(value: unknown): boolean {
  const list = Array.isArray(value) ? value : [value];
  return list.length > 0 && list.every((entry) => typeof entry === 'string' && entry !== '');
}

function malformed(message: string) {
  return awsError('MalformedPolicyException', message);
}
