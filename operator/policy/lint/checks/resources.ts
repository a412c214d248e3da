import { type ActionInfo, actionTable, findAction } from '../../actions.ts';
import { appliesTo } from '../../compile.ts';
import { type Glob, matches, normalise, STAR } from '../../glob.ts';
import { behindPrefix } from '../../reach/ground.ts';
import { resourcePrefix } from '../../reach/languages.ts';
import { combine, shortestWord } from '../../reach/machine.ts';
import { normaliseKey } from '../../request.ts';
import { isKnownVariable } from '../../template.ts';
import { isValid, validityOf } from '../../valid.ts';
import { type Model, resourcesOf, type StatementView, templateOf } from '../model.ts';
import { variableNames } from '../scenario.ts';
import { shortResource } from './regions.ts';
import { isCoveredEverywhere, isDeadEverywhere, isGrantedBy } from './surplus.ts';

const wildcard = /[*?]/;

interface Segments {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** The leading parts of an ARN; variables are masked first, because their names hold colons. */
function segmentsOf(text: string): Segments | undefined {
  const masked = text.replace(/\$\{[^}]*\}/g, (variable) => variable.replaceAll(':', '\u0001'));
  const parts = masked.split(':');
  if (parts[0] !== 'arn' || parts.length < 4) return undefined;
  return { partition: parts[1] ?? '', region: parts[3] ?? '', account: parts[4] ?? '' };
}

const regionName = /^[a-z]{2,}(-[a-z]+)+-\d+$/;

/** Something a template should have filled in: brackets, moustaches, or words where a region or an account must stand. */
export function placeholderIn(text: string): string | undefined {
  const marked = /<[^<>]*>|\{\{[^{}]*\}\}|%[A-Z_]+%/.exec(text)?.[0];
  if (marked !== undefined) return marked;
  const segments = segmentsOf(text);
  if (segments === undefined) return undefined;
  const { region, account } = segments;
  if (region !== '' && !wildcard.test(region) && !regionName.test(region)) return region.replaceAll('\u0001', ':');
  return account !== '' && !wildcard.test(account) && !/^\d{12}$/.test(account)
    ? account.replaceAll('\u0001', ':')
    : undefined;
}

/** An ARN of AWS IoT that lies in another account, region or partition; those of other services are of a wrong kind anywhere. */
function isForeignHere(model: Model, text: string): boolean {
  return /^arn:[^:]*:iot:/.test(text) && isForeign(model, text);
}

function isForeign(model: Model, text: string): boolean {
  const segments = segmentsOf(text);
  if (segments === undefined) return false;
  const { options } = model;
  const differs = (value: string, wanted: string): boolean => !wildcard.test(value) && value !== wanted;
  return (
    differs(segments.partition, options.partition) ||
    differs(segments.region, options.region) ||
    (text.split(':').length > 4 && differs(segments.account, options.account))
  );
}

function checkAddress(model: Model): void {
  for (const view of model.statements) {
    for (const { text, at } of resourcesOf(view)) {
      const placeholder = placeholderIn(text);
      const segments = segmentsOf(text);
      if (placeholder !== undefined) {
        model.report('placeholder', {
          view,
          at,
          message: `"${placeholder}" looks like a placeholder that was not filled in`,
        });
      } else if (isForeignHere(model, text)) {
        const { partition, region, account } = model.options;
        const message = `the ARN is not of account ${account} in ${region} (${partition}), so the statement never matches there`;
        model.report('foreign-account', { view, at, message });
      } else if (
        segments !== undefined &&
        view.statement.effect === 'Allow' &&
        wildcard.test(segments.region + segments.account)
      ) {
        const message =
          'a star in the region or account may run on past the colons, into another resource type and topic';
        model.report('region-or-account-wildcard', { view, at, message });
      }
    }
  }
}

/** The resource with every variable as a wildcard: all that it could ever match. */
function widest(view: StatementView, text: string): Glob {
  const template = templateOf(view, text);
  return normalise(template.items.map((item) => (typeof item === 'number' ? item : STAR)));
}

function fits(model: Model, view: StatementView, text: string, action: ActionInfo): boolean {
  const prefix = resourcePrefix(action, model.options);
  return prefix === undefined ? text.includes('*') : behindPrefix(widest(view, text), prefix, model.options).length > 0;
}

/** Findings about these resources have other names: placeholder, foreign account, unknown variable. */
function excused(model: Model, text: string): boolean {
  const unknown = variableNames(text).some((name) => !isKnownVariable(normaliseKey(name)));
  return placeholderIn(text) !== undefined || isForeignHere(model, text) || unknown;
}

function checkTypes(model: Model): void {
  for (const view of model.statements) {
    const { statement } = view;
    if (statement.resourceMode === 'NotResource' || statement.actionMode === 'NotAction') continue;
    const applied = actionTable.filter((action) => appliesTo(statement, action, model.options));
    const judged = resourcesOf(view).filter(({ text }) => !excused(model, text));
    if (applied.length === 0) continue;
    const allKnown = statement.actions.every(({ text }) => wildcard.test(text) || findAction(text) !== undefined);
    const loose = allKnown
      ? judged.filter(({ text }) => !applied.some((action) => fits(model, view, text, action)))
      : [];
    for (const { text, at } of loose) {
      const names = applied.map((action) => action.name).join(', ');
      model.report('wrong-resource-type', {
        view,
        at,
        message: `${shortResource(text)} is of no kind that ${names} is checked against`,
      });
    }
    if (judged.length < statement.resources.length || loose.length === judged.length) continue;
    checkInertActions(model, view);
  }
}

/** Actions that are written out and find no resource of their kind in the statement. */
function checkInertActions(model: Model, view: StatementView): void {
  for (const { text, at } of view.statement.actions) {
    const action = findAction(text);
    if (action === undefined) continue;
    if (view.statement.resources.some((resource) => fits(model, view, resource.text, action))) continue;
    const message = `${action.name} finds no resource of its kind in this statement, which is without effect for it`;
    model.report('wrong-resource-type', { view, at, message });
  }
}

/** Actions of the statement that are checked against some kind of ARN. */
function checkedActions(model: Model, view: StatementView): readonly ActionInfo[] {
  return actionTable.filter((action) => action.resource !== 'none' && appliesTo(view.statement, action, model.options));
}

function isDead(model: Model, view: StatementView, index: number): boolean {
  let seen = false;
  for (const action of checkedActions(model, view)) {
    for (const context of model.contexts(view, action)) {
      const { alphabet } = model.languages(context);
      const language = model.language(context, action);
      const part = language.part(view.ref, index);
      if (shortestWord(part, alphabet, 60_000).kind === 'none') continue;
      seen = true;
      if (shortestWord(combine(alphabet, 'minus', [part, language.denied]), alphabet, 60_000).kind !== 'none')
        return false;
    }
  }
  return seen;
}

function removal(view: StatementView, index: number, text: string) {
  const list = view.statement.resources.length > 1;
  if (!list) return undefined;
  const pointer = `/Statement/${view.statement.index}/Resource/${index}`;
  return { title: 'remove this resource', pointer, from: text, to: undefined };
}

function checkDead(model: Model): void {
  if (model.with('Deny').length === 0) return;
  for (const view of model.with('Allow')) {
    if (view.statement.resourceMode !== 'Resource') continue;
    for (const { text, at, index } of resourcesOf(view)) {
      if (!isDead(model, view, index) || !isDeadEverywhere(model, view, index)) continue;
      const fix = removal(view, index, text);
      const message = `everything that ${shortResource(text)} allows is denied by another statement`;
      model.report('dead-allow', { view, at, message, ...(fix && { fix }) });
    }
  }
}

function isCovered(model: Model, view: StatementView, index: number, others: readonly number[]): boolean {
  let seen = false;
  for (const action of checkedActions(model, view)) {
    for (const context of model.contexts(view, action)) {
      const { alphabet } = model.languages(context);
      const language = model.language(context, action);
      const part = language.part(view.ref, index);
      if (shortestWord(part, alphabet, 60_000).kind === 'none') continue;
      seen = true;
      const rest = language.part(view.ref, others);
      if (shortestWord(combine(alphabet, 'minus', [part, rest]), alphabet, 60_000).kind !== 'none') return false;
    }
  }
  return seen;
}

/** Resources of the statement that are not reported as redundant themselves. */
type Kept = Map<StatementView, readonly number[]>;

function checkRedundant(model: Model): void {
  const kept: Kept = new Map();
  const keptOf = (view: StatementView): readonly number[] =>
    kept.get(view) ?? view.statement.resources.map((_, index) => index);
  for (const view of model.statements.toReversed()) {
    if (view.statement.resourceMode !== 'Resource') continue;
    for (const { text, at, index } of resourcesOf(view).toReversed()) {
      const others = keptOf(view).filter((other) => other !== index);
      const within =
        others.length > 0 && isCovered(model, view, index, others) && isCoveredEverywhere(model, view, index, others);
      const by = within ? undefined : coveringStatement(model, view, index, keptOf);
      if (!within && by === undefined) continue;
      kept.set(view, others);
      const fix = removal(view, index, text);
      const what = by === undefined ? 'the other resources of the statement' : `what statement ${by} allows`;
      const message = `${shortResource(text)} adds nothing to ${what}`;
      model.report('redundant-resource', { view, at, message, ...(fix && { fix }) });
    }
  }
}

/** Another Allow of the same document that grants all that the resource grants, in every context. */
function coveringStatement(
  model: Model,
  view: StatementView,
  index: number,
  keptOf: (view: StatementView) => readonly number[],
): number | undefined {
  const text = view.statement.resources[index]?.text ?? '';
  if (view.statement.effect !== 'Allow' || excused(model, text)) return undefined;
  const granted = checkedActions(model, view).filter((action) => fits(model, view, text, action));
  if (granted.length === 0) return undefined;
  const example = exampleOf(model, view, text, granted);
  return model
    .with('Allow')
    .filter((other) => other !== view && other.document === view.document && keptOf(other).length > 0)
    .filter(({ statement }) => granted.every((action) => appliesTo(statement, action, model.options)))
    .filter((other) => example === undefined || mayGrant(other, keptOf(other), example))
    .find((other) => isGrantedBy(model, { view, index }, { view: other, kept: keptOf(other) }))?.statement.index;
}

/** An ARN that the resource grants in every context, where one can be read off the text. Spares comparisons that it refutes. */
function exampleOf(
  model: Model,
  view: StatementView,
  text: string,
  granted: readonly ActionInfo[],
): string | undefined {
  if (view.statement.conditions.length > 0 || text.includes('${')) return undefined;
  const arn = text.replace(/[*?]/g, 'x');
  const valid = granted.some((action) => {
    const prefix = resourcePrefix(action, model.options) ?? '';
    return (
      arn.startsWith(prefix) && isValid(validityOf(action.resource, model.options.maxSlashes), arn.slice(prefix.length))
    );
  });
  return valid ? arn : undefined;
}

function mayGrant(view: StatementView, kept: readonly number[], arn: string): boolean {
  if (view.statement.resourceMode === 'NotResource') return true;
  return resourcesOf(view).some(({ text, index }) => kept.includes(index) && matches(widest(view, text), arn));
}

/** Resources that match nothing here, as their text says. */
export function checkAddresses(model: Model): void {
  checkAddress(model);
  checkTypes(model);
}

/** Resources that change nothing beside the others. */
export function checkSurplus(model: Model): void {
  checkDead(model);
  checkRedundant(model);
}
