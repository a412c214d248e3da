import { invalid } from '../../errors.ts';

const isNumber = (value: unknown) =>
  typeof value === 'number' ? Number.isSafeInteger(value) : typeof value === 'string' && /^-?\d{1,15}$/.test(value);
const isFlag = (value: unknown) => typeof value === 'boolean';
const isText = (value: unknown) => typeof value === 'string';
const isDetails = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isText);

const MEMBERS: Readonly<Record<string, (value: unknown) => boolean>> = {
  status: isText,
  statusDetails: isDetails,
  expectedVersion: isNumber,
  executionNumber: isNumber,
  includeJobExecutionState: isFlag,
  includeJobDocument: isFlag,
  stepTimeoutInMinutes: isNumber,
};

/** What the service's schema does for callers with an SDK: a member of another type is refused before a handler is called. */
export function checkJobTypes(operation: string, input: Readonly<Record<string, unknown>>): void {
  for (const [name, isRight] of Object.entries(MEMBERS)) {
    if (Object.hasOwn(input, name) && !isRight(input[name])) throw invalid(`${name} is not of its type`);
  }
  if (operation === 'UpdateJobExecution' && input.status === undefined) throw invalid('status must be given');
}
