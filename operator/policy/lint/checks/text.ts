import { actionTable, findAction } from '../../actions.ts';
import { hasVariables } from '../../document.ts';
import { globOf, matches } from '../../glob.ts';
import { maxPolicySize } from '../../parse-result.ts';
import { normaliseKey } from '../../request.ts';
import { isKnownVariable } from '../../template.ts';
import { controlPlaneNames, isControlPlaneAction } from '../control-plane.ts';
import type { Model, StatementView } from '../model.ts';
import { nearest } from '../nearest.ts';
import { patternTexts, variableNames } from '../scenario.ts';
import { placeholderIn } from './resources.ts';

function checkDocuments(model: Model): void {
  model.documents.forEach((document, at) => {
    const first = model.statements.find((view) => view.ref.document === at);
    const inDocument = (report: { readonly message: string }) => ({ ...report, document: at });
    if (document.size > maxPolicySize) {
      const message = `the document has ${document.size} characters without white space; AWS accepts ${maxPolicySize}`;
      model.report('too-large', inDocument({ message }));
    }
    if (first === undefined) {
      const message = 'the document has no statement: it allows nothing, and denies nothing that others allow';
      model.report('no-statement', inDocument({ message }));
    }
    if (hasVariables(document)) return;
    if (!patternTexts([document]).some((text) => text.includes('${'))) return;
    const message = `Version ${document.version} takes \${…} for plain text: the statements that use it match nothing a device asks for`;
    model.report('variables-need-2012', inDocument({ message }));
  });
  for (const view of model.statements) {
    if (hasVariables(view.document)) continue;
    const values = view.statement.conditions.flatMap((entry) => entry.values);
    const used = [...view.statement.resources, ...values].find(({ text }) => text.includes('${'));
    if (used === undefined) continue;
    const message = `"${used.text.slice(used.text.indexOf('${'))}" is compared letter by letter in Version ${view.document.version}`;
    model.report('variables-need-2012', { view, at: used.at, message });
  }
}

const knownNames = [
  'iot:ClientId',
  'iot:DomainName',
  'iot:CertificateId',
  'iot:Connection.Thing.ThingName',
  'iot:Connection.Thing.ThingTypeName',
  'iot:Connection.Thing.IsAttached',
  'iot:Certificate.Subject.CommonName',
  'iot:Certificate.Subject.Organization',
  'iot:Certificate.SerialNumber',
  'aws:SourceIp',
];

/** Cognito identities carry their own keys; AWS IoT policies for them use these. */
const isCognito = (key: string): boolean => key.startsWith('cognito-identity.amazonaws.com:');

/** What a client may use as it connects: a key of conditions alone, where the others are variables too. */
const connectAttributes = normaliseKey('iot:ConnectAttributes');

function checkVariables(model: Model): void {
  for (const view of model.statements) {
    if (!hasVariables(view.document)) continue;
    const located = [...view.statement.resources, ...view.statement.conditions.flatMap((entry) => entry.values)];
    for (const { text, at } of located) {
      if (placeholderIn(text) !== undefined) continue;
      const unknown = variableNames(text).find(
        (name) => !isKnownVariable(normaliseKey(name)) && !isCognito(normaliseKey(name)),
      );
      if (unknown !== undefined) reportVariable(model, view, at, unknown, text);
    }
  }
}

function reportVariable(
  model: Model,
  view: StatementView,
  at: StatementView['statement']['at'],
  name: string,
  text: string,
): void {
  const meant = nearest(name, knownNames);
  const resource = view.statement.resources.findIndex((one) => one.text === text);
  const hint = meant === undefined ? '' : `; did you mean \${${meant}}?`;
  const message = `AWS IoT has no variable \${${name}}: it never resolves, so this value never matches${hint}`;
  const pointer = `/Statement/${view.statement.index}/${view.statement.resourceMode}/${resource}`;
  const fix = { title: `write \${${meant}}`, pointer, from: text, to: text.replace(`\${${name}}`, `\${${meant}}`) };
  // What a NotResource excepts while a variable is open is not documented, so no more is certain there than in an Allow.
  const isFix = view.statement.effect === 'Deny' && view.statement.resourceMode === 'Resource' && resource >= 0;
  model.report('unknown-variable', { view, at, message, ...(isFix && meant !== undefined && { fix }) });
}

/** Whether a principal can do no more than before when an action that names nothing comes to name something. */
function narrows({ statement }: StatementView): boolean {
  return (statement.effect === 'Deny') === (statement.actionMode === 'Action');
}

function checkConditionKeys(model: Model): void {
  for (const view of model.statements) {
    for (const entry of view.statement.conditions) {
      const key = normaliseKey(entry.key);
      const list = key.replace(/\.list$/, '');
      const known = isKnownVariable(key) || isKnownVariable(list) || key === connectAttributes || isCognito(key);
      if (known) continue;
      const meant = nearest(entry.key, [...knownNames, 'iot:ConnectAttributes', 'iot:LastWillTopic', 'iot:Topic']);
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
      const message = `AWS IoT has no condition key ${entry.key}: no request carries it${hint}`;
      model.report('unknown-variable', { view, at: entry.at, message });
    }
  }
}

const names = actionTable.map((action) => action.name);

/** Services whose actions an AWS IoT policy may hold beside its own: Greengrass discovery is authorised by the device's policy. */
const isGreengrass = (action: string): boolean => /^greengrass:/i.test(action);

function namesControlPlane(pattern: string): boolean {
  if (!/[*?]/.test(pattern)) return isControlPlaneAction(pattern);
  const glob = globOf(pattern.toLowerCase());
  return controlPlaneNames.some((name) => matches(glob, `iot:${name}`));
}

function checkActions(model: Model): void {
  for (const view of model.statements) {
    for (const [index, { text, at }] of view.statement.actions.entries()) {
      const wildcard = /[*?]/.test(text);
      if (wildcard && view.statement.effect === 'Allow' && view.statement.actionMode === 'Action') {
        const message = `${text} takes in every action that matches, today's and those that AWS adds later`;
        model.report('star-action', { view, at, message });
      }
      const glob = globOf(text.toLowerCase());
      const known = wildcard ? names.some((name) => matches(glob, name.toLowerCase())) : findAction(text) !== undefined;
      if (known || isGreengrass(text)) continue;
      reportAction(model, view, index);
    }
  }
}

function reportAction(model: Model, view: StatementView, index: number): void {
  const { text, at } = view.statement.actions[index]!;
  if (namesControlPlane(text) || !/^iot(jobsdata)?:/i.test(text)) {
    const message = `${text} is not decided by device policies: here it grants nothing, in an IAM policy it would be a right over the account`;
    model.report('control-plane-action', { view, at, message });
    return;
  }
  const meant = nearest(text, names);
  const pointer = `/Statement/${view.statement.index}/${view.statement.actionMode}/${index}`;
  const isFix = meant !== undefined && narrows(view);
  const message = `there is no action ${text}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
  model.report('unknown-action', {
    view,
    at,
    message,
    ...(isFix && { fix: { title: `write ${meant}`, pointer, from: text, to: meant } }),
  });
}

/** What can be read off the text. */
export function checkText(model: Model): void {
  checkDocuments(model);
  checkVariables(model);
  checkConditionKeys(model);
  checkActions(model);
}
