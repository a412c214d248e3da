/** Why a comparison was not settled. */
export type UndecidedCause = 'budget' | 'combinations' | 'orderedName' | 'disagreement';

/** What is said of an action whose search no proof covers. */
export const valuesTriedReason =
  'Only tested values: for these variables and conditions no proof says that the values tried are enough, so something new or lost may have been missed.';

/** The cause and what can be done about it, a sentence or two for people. */
export const undecidedReasons: Readonly<Record<UndecidedCause, string>> = {
  budget:
    'The patterns are so intricate that the search used up its budget. Compare fewer documents at a time, or write resources with fewer stars in one level.',
  combinations:
    'The conditions and variables allow more combinations of values than can be looked through. Split the statement that has the most conditions, or compare fewer documents at a time.',
  orderedName:
    'A condition on Connect compares the client ID, or a value built from it, as a number, a date, an address or an ARN, and which client IDs fulfil it cannot be said in patterns. Compare the client ID as text (StringEquals, StringLike), or put the condition on another key.',
  disagreement:
    'The search and the evaluator disagree on an example, which is a defect of this program. Please report the two documents; until then judge this change by hand.',
};
