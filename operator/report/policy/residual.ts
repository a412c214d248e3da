import type { LostRight, Residual, Witness } from '../../policy/index.ts';
import { type PlainRequest, paragraph, plainRequest, shortArn, whoAsks } from './source.ts';

/** The published form of what outlives a change. */
export interface ResidualJson {
  readonly lost: readonly { readonly request: PlainRequest; readonly takesEffect: LostRight['takesEffect'] }[];
  readonly stillDelivered: readonly PlainRequest[];
  readonly undecided: boolean;
}

export function residualJson(residual: Residual): ResidualJson {
  return {
    lost: residual.lost.map(({ witness, takesEffect }) => ({ request: plainRequest(witness), takesEffect })),
    stillDelivered: residual.stillDelivered.map(plainRequest),
    undecided: residual.undecided,
  };
}

const unique = (texts: readonly string[]): string => [...new Set(texts)].join(', ');

function actionsThat(residual: Residual, effect: LostRight['takesEffect']): string {
  return unique(residual.lost.filter((one) => one.takesEffect === effect).map((one) => one.witness.action));
}

function lingering(witness: Witness): string {
  const filter = witness.filter === undefined ? '' : ` through the filter ${witness.filter}`;
  return `messages on ${shortArn(witness.resource)} to ${whoAsks(witness)}${filter}`;
}

/** When what was taken away is really gone; nothing where nothing is lost. */
export function residualText(residual: Residual): string[] {
  if (residual.lost.length === 0 && residual.stillDelivered.length === 0) return [];
  const atOnce = actionsThat(residual, 'atOnce');
  const later = actionsThat(residual, 'atReconnect');
  const lines = [
    ...(atOnce === '' ? [] : [`at once (within minutes, by AWS's cache): ${atOnce}`]),
    ...(later === '' ? [] : [`only when a client connects or subscribes anew; live sessions keep it: ${later}`]),
    ...residual.stillDelivered.map(
      (witness) =>
        `still arriving in live sessions until they reconnect, and in persistent sessions until these expire: ${lingering(witness)}. Deny iot:Receive, or disconnect the client with a clean session.`,
    ),
    ...(residual.undecided ? ['not settled within the budget: expect more to linger than is listed'] : []),
  ];
  return ['When it takes effect', ...lines.map((line) => paragraph(line, '  ')), ''];
}
