import { compilePolicies, evaluate, withDefaults } from '../../policy/index.ts';
import { type ExplainedRequest, explanationJson, explanationText } from '../../report/policy/explanation.ts';
import { nearMisses } from '../../report/policy/near-misses.ts';
import type { Parsed } from '../args/parse.ts';
import { Exit } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { attached, isAccepted } from './eval.ts';
import { deploymentFlags, optionsFrom, outputFlagOf } from './flags.ts';
import { requestFlags, requestsFrom } from './request.ts';
import type { PolicySubcommand } from './subcommand.ts';

export const explainCommand: PolicySubcommand = {
  name: 'explain',
  summary: 'why a request is denied or allowed, and what nearly changed that',
  usage: 'FILE|FOLDER... --action ACTION --resource RESOURCE [FLAGS]',
  description:
    'Decides a request like eval, and names the statements that would have decided it otherwise but for one thing:\nthe wrong ARN type, a variable without a value, a condition, upper and lower case, an MQTT wildcard taken literally.',
  flags: [...requestFlags, outputFlagOf(['text', 'json']), ...deploymentFlags],
  examples: ['fleetward policy explain base.json --action Subscribe --resource topicfilter/cmd/dev1/# --thing dev1'],
  exits: [
    [0, 'every request is allowed'],
    [1, 'at least one request is denied'],
    [2, 'the command line was not understood'],
    [3, 'a document or the requests could not be read'],
  ],
  run,
};

async function run(parsed: Parsed, io: CliIo): Promise<number> {
  const sources = await attached(parsed, io, 'explain');
  const documents = sources.map((source) => source.document);
  const given = optionsFrom(parsed, documents);
  const options = withDefaults(given);
  const set = compilePolicies(documents, options);
  const requests = await requestsFrom(parsed, given, io.cwd);
  const results = requests.map((request): ExplainedRequest => {
    const { decision, by } = evaluate(set, request);
    return { request, decision, by, accepted: isAccepted(request, options), misses: nearMisses(set, request) };
  });
  const json = (parsed.text('output') ?? 'text') === 'json';
  io.stdout(
    json ? `${JSON.stringify(explanationJson(results, sources), null, 2)}\n` : explanationText(results, sources),
  );
  return results.every((result) => result.decision === 'allowed') ? Exit.ok : Exit.bad;
}
