import { isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair } from 'yaml';
import type { Position } from '../../policy/index.ts';

/** The line and column of every value under `root`, by JSON pointer, so that findings can point into a manifest. */
export function positionsOf(root: Node | null | undefined, lines: LineCounter): ReadonlyMap<string, Position> {
  const positions = new Map<string, Position>();
  const visit = (node: unknown, pointer: string): void => {
    if (isAlias(node)) return record(node as unknown as Node, pointer);
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return;
    record(node, pointer);
    if (isSeq(node)) node.items.forEach((item, index) => visit(item, `${pointer}/${index}`));
    if (isMap(node)) for (const pair of node.items) visitPair(pair, pointer);
  };
  const visitPair = (pair: Pair, pointer: string): void => {
    const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
    visit(pair.value, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  };
  const record = (node: Node, pointer: string): void => {
    if (node.range == null) return;
    const { line, col } = lines.linePos(node.range[0]);
    positions.set(pointer, { line, column: col });
  };
  visit(root, '');
  return positions;
}
