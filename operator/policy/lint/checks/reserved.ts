import type { ActionInfo } from '../../actions.ts';
import { actionTable } from '../../actions.ts';
import { combine, type Machine } from '../../reach/machine.ts';
import type { Context } from '../../request.ts';
import { actionNamed, type Model, type Search, type StatementView } from '../model.ts';
import {
  allowing,
  matchedBy,
  ownNames,
  plain,
  receivable,
  region,
  shortResource,
  spelledNames,
  subscribeFor,
  topicOf,
} from './regions.ts';

const things = '$aws/things/';

/** Reserved topics on which AWS acts or answers for one thing (developer guide, "Reserved topics"). */
const families = [
  'shadow/get',
  'shadow/update',
  'shadow/delete',
  'shadow/name/*/get',
  'shadow/name/*/update',
  'shadow/name/*/delete',
  'jobs/get',
  'jobs/start-next',
  'jobs/*/get',
  'jobs/*/update',
  'defender/metrics/json',
  'defender/metrics/cbor',
  'streams/*',
];

/** With the topics on which AWS answers: who hears them learns, who writes them deceives the thing. */
const familiesAndAnswers = [...families, 'shadow/*', 'jobs/*', 'defender/*', 'tunnels/notify'];

/** Reserved topics of things other than the device and those that the policy lists by name. */
function foreignThings(
  model: Model,
  context: Context,
  view: StatementView,
  action: ActionInfo,
  tails: readonly string[],
) {
  const { alphabet } = model.languages(context);
  const spelled = spelledNames(model.language(context, action).patterns(view.ref), things);
  const known = [...new Set([...ownNames(context), ...spelled])].filter(plain);
  const all = region(
    model,
    context,
    tails.map((tail) => `${things}*/${tail}`),
  );
  const own = known.map((name) => region(model, context, [`${things}${name}/*`]));
  return combine(alphabet, 'minus', [all, ...own]);
}

/** The statement speaks of reserved topics itself; a plain `*` is judged by what AWS acts on alone. */
const spellsReserved = (view: StatementView): boolean =>
  view.statement.resources.some(({ text }) => text.includes('$aws'));

function checkPublish(model: Model): void {
  const publish = actionNamed('iot:Publish');
  const { other, longer } = model.names;
  const preferred = [
    `${things}${other}/shadow/update`,
    `${things}${other}/jobs/j1/update`,
    `${things}${longer}/shadow/update`,
  ];
  for (const view of allowing(model, publish)) {
    const tails = spellsReserved(view) ? familiesAndAnswers : families;
    const witness = firstFound(model, view, publish, (context) => ({
      inside: [foreignThings(model, context, view, publish, tails)],
      preferred,
    }));
    if (witness === undefined) continue;
    const message = `the device may publish to ${shortResource(witness.resource)}: it can act in the name of other things (shadows, jobs, metrics)`;
    model.report('foreign-reserved-publish', { view, message, witness });
  }
}

/** The first context in which the statement yields a request of the wanted kind. */
export function firstFound(
  model: Model,
  view: StatementView,
  action: ActionInfo,
  where: (context: Context) => Omit<Search, 'context' | 'action' | 'within'>,
) {
  for (const context of model.contexts(view, action)) {
    const found = model.find({ context, action, within: { ref: view.ref }, ...where(context) });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Reserved topics of other things that the filters of the statement match, whether Receive lets them through or not. */
export function foreignMatched(model: Model, context: Context, view: StatementView): Machine {
  const { alphabet } = model.languages(context);
  const foreign = foreignThings(model, context, view, actionNamed('iot:Subscribe'), familiesAndAnswers);
  return combine(alphabet, 'and', [matchedBy(model, context, view), foreign]);
}

function checkSubscribe(model: Model): void {
  const subscribe = actionNamed('iot:Subscribe');
  const nice = [model.names.other, model.names.longer].map((name) => `${things}${name}/shadow/update`);
  for (const view of allowing(model, subscribe)) {
    for (const context of model.contexts(view, subscribe)) {
      const { alphabet } = model.languages(context);
      const matched = foreignMatched(model, context, view);
      const topic = topicOf(model, context, combine(alphabet, 'and', [matched, receivable(model, context)]), nice);
      const witness = topic === undefined ? undefined : subscribeFor(model, context, topic, 'wide', view);
      if (witness === undefined) continue;
      const message = `the filter ${shortResource(witness.resource).slice('topicfilter/'.length)} brings in reserved topics of other things, for example ${topic}`;
      model.report('foreign-reserved-subscribe', { view, message, witness });
      break;
    }
  }
}

const thingApis = actionTable.filter((action) => action.resource === 'thing' || action.resource === 'thingOrShadow');

function foreignApi(model: Model, context: Context, view: StatementView, action: ActionInfo): readonly Machine[] {
  const spelled = spelledNames(model.language(context, action).patterns(view.ref), '');
  const known = [...new Set([...ownNames(context), ...spelled])].filter(plain);
  return known.map((name) => region(model, context, [name, `${name}/*`]));
}

function checkThingApi(model: Model): void {
  const { other, longer } = model.names;
  for (const view of model.with('Allow')) {
    for (const action of thingApis) {
      const witness = firstFound(model, view, action, (context) => ({
        outside: foreignApi(model, context, view, action),
        preferred: [other, longer, `${other}/x`],
      }));
      if (witness === undefined) continue;
      const message = `${action.name} is allowed on ${shortResource(witness.resource)}, a thing that is not the device's own`;
      model.report('foreign-thing-api', { view, message, witness });
      break;
    }
  }
}

function checkBasicIngest(model: Model): void {
  const publish = actionNamed('iot:Publish');
  const head = '$aws/rules/';
  for (const view of allowing(model, publish)) {
    const witness = firstFound(model, view, publish, (context) => {
      const spelled = spelledNames(model.language(context, publish).patterns(view.ref), head).filter(plain);
      return {
        inside: [region(model, context, [`${head}*`])],
        outside: spelled.map((name) => region(model, context, [head + name, `${head}${name}/*`])),
        preferred: [`${head}R1/x`],
      };
    });
    if (witness === undefined) continue;
    const message = `the device may publish to ${shortResource(witness.resource)}: messages go straight into rules that the policy does not name, past the topics`;
    model.report('basic-ingest-open', { view, message, witness });
  }
}

/** Reserved topics, device APIs and rules: what AWS itself acts on. */
export function checkReserved(model: Model): void {
  checkPublish(model);
  checkSubscribe(model);
  checkThingApi(model);
  checkBasicIngest(model);
}
