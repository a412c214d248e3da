import {
  arnPrefix,
  arnTypePrefix,
  compilePolicies,
  evaluate,
  findAction,
  isValid,
  type PolicyOptions,
  type Request,
  validityOf,
  withDefaults,
} from '../../policy/index.ts';
import { type EvaluatedRequest, evaluationJson, evaluationText } from '../../report/policy/evaluation.ts';
import type { PolicySource } from '../../report/policy/source.ts';
import type { Parsed } from '../args/parse.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { deploymentFlags, optionsFrom, outputFlagOf } from './flags.ts';
import { loadPolicies } from './load.ts';
import { requestFlags, requestsFrom } from './request.ts';
import type { PolicySubcommand } from './subcommand.ts';

export const evalCommand: PolicySubcommand = {
  name: 'eval',
  summary: 'decide one request or many, as AWS would',
  usage: 'FILE|FOLDER... --action ACTION --resource RESOURCE [FLAGS]',
  description:
    'Decides requests against policies that are attached together, and names the statement that decides. Offline.',
  flags: [...requestFlags, outputFlagOf(['text', 'json']), ...deploymentFlags],
  examples: [
    'fleetward policy eval base.json --action Publish --resource topic/dt/dev1/t --thing dev1',
    'fleetward policy eval policies/ --requests requests.json --output json',
  ],
  exits: [
    [0, 'every request is allowed'],
    [1, 'at least one request is denied'],
    [2, 'the command line was not understood'],
    [3, 'a document or the requests could not be read'],
  ],
  run,
};

/** Reads the policies of the command line; a document that AWS would refuse ends the command, because its rights are unknown. */
export async function attached(parsed: Parsed, io: CliIo, command: string): Promise<readonly PolicySource[]> {
  if (parsed.positionals.length === 0)
    throw new UsageError(`fleetward policy ${command} needs a file or folder with policies`);
  const { policies, unreadable } = await loadPolicies(parsed.positionals, io.cwd);
  const broken = unreadable.flatMap(({ path, problems }) =>
    problems.map(({ message, at }) => `${path}${at === undefined ? '' : `:${at.line}:${at.column}`}  ${message}`),
  );
  if (broken.length > 0) throw new CommandError(broken.join('\n'), Exit.failed);
  if (policies.length === 0) throw new CommandError(`no policy found in ${parsed.positionals.join(', ')}`, Exit.failed);
  return policies;
}

async function run(parsed: Parsed, io: CliIo): Promise<number> {
  const sources = await attached(parsed, io, 'eval');
  const documents = sources.map((source) => source.document);
  const given = optionsFrom(parsed, documents);
  const options = withDefaults(given);
  const set = compilePolicies(documents, options);
  const requests = await requestsFrom(parsed, given, io.cwd);
  const results = requests.map((request): EvaluatedRequest => {
    const { decision, by } = evaluate(set, request);
    return { request, decision, by, accepted: isAccepted(request, options) };
  });
  const json = (parsed.text('output') ?? 'text') === 'json';
  io.stdout(json ? `${JSON.stringify(evaluationJson(results, sources), null, 2)}\n` : evaluationText(results, sources));
  return results.every((result) => result.decision === 'allowed') ? Exit.ok : Exit.bad;
}

/** Whether the broker would take the topic, filter or client ID at all; a policy may allow what MQTT refuses. */
export function isAccepted(request: Request, options: PolicyOptions): boolean {
  const type = findAction(request.action)?.resource ?? 'none';
  const prefix = arnTypePrefix(type);
  if (prefix === undefined) return true;
  const head = arnPrefix(options) + prefix;
  return (
    request.resource.startsWith(head) &&
    isValid(validityOf(type, options.maxSlashes), request.resource.slice(head.length))
  );
}
