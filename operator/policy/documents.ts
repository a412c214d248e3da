import { type CompareOptions, compare } from './compare.ts';
import type { PolicyDocument } from './document.ts';
import type { Comparison } from './verdict.ts';

/** What can be said of two documents whatever else is attached beside them. */
export interface DocumentComparison {
  /**
   * equivalent: alone and in every company. tightens: in no company is anything gained. widens: in no company is anything lost.
   * incomparable: some company gains or some loses, and neither can be excluded. undecided: not settled within the budget.
   */
  readonly verdict: Comparison['verdict'];
  /** The two alone, as if nothing else were attached. */
  readonly alone: Comparison;
  readonly addsDeny: boolean;
  readonly dropsDeny: boolean;
}

/**
 * Compares two documents, or two sets that are attached and detached as one, without knowing what else is attached. Compares what each grants by itself and, apart from that, what each
 * denies: a Deny that is idle here takes something away beside another policy's Allow, so two documents that are equal alone may
 * still widen or tighten together with a third.
 */
export function compareDocuments(
  before: PolicyDocument | readonly PolicyDocument[],
  after: PolicyDocument | readonly PolicyDocument[],
  options: CompareOptions = {},
): DocumentComparison {
  const alone = compare(listed(before), listed(after), { ...options, level: 'raw' });
  const { addsDeny, dropsDeny } = alone;
  return { verdict: inAnyCompany(alone), alone, addsDeny, dropsDeny };
}

const listed = (given: PolicyDocument | readonly PolicyDocument[]): readonly PolicyDocument[] =>
  'statements' in given ? [given] : given;

function inAnyCompany({ verdict, addsDeny, dropsDeny }: Comparison): Comparison['verdict'] {
  if (verdict === 'undecided') return 'undecided';
  const gains = dropsDeny || verdict === 'widens' || verdict === 'incomparable';
  const loses = addsDeny || verdict === 'tightens' || verdict === 'incomparable';
  if (gains) return loses ? 'incomparable' : 'widens';
  return loses ? 'tightens' : 'equivalent';
}
