/**
 * What lint says of each row in full, as text: the finding and its place, the request that shows it, the edit that mends it. After a wanted
 * change, `node test/unit/policy/lint/report.ts` writes `findings.txt` anew; its diff shows what users will read.
 */
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parsePolicy } from '../../../../operator/policy/index.ts';
import { type LintFinding, lint, rules } from '../../../../operator/policy/lint/index.ts';
import { arn } from './build.ts';
import { type Row, rows } from './rows.ts';

function findingText({ code, statement, at, message, witness, fix }: LintFinding): string {
  const place = `${statement === null ? 'document' : `statement ${statement}`} at ${at?.line}:${at?.column}`;
  const lines = [`${code}, ${place}: ${message}`];
  if (witness !== undefined)
    lines.push(`  ${witness.action} ${witness.resource.replace(arn, '')} ${JSON.stringify(witness.context)}`);
  if (fix !== undefined) lines.push(`  fix: ${fix.title}; ${fix.pointer}: ${fix.from} -> ${fix.to ?? 'nothing'}`);
  return lines.join('\n');
}

export function reportOf({ statements, version = '2012-10-17', exclusive = false }: Row): string {
  const { document } = parsePolicy(JSON.stringify({ Version: version, Statement: statements }, undefined, 1));
  if (document === undefined) throw new Error('the row is no policy');
  const { findings, deviceDefender, undecided } = lint(document, { exclusiveThings: exclusive });
  const audit = Object.entries(deviceDefender).map(([check, verdict]) => `${check}: ${String(verdict) || 'no reason'}`);
  return [...findings.map(findingText), ...audit, ...undecided.map((text) => `undecided: ${text}`)].join('\n');
}

export function rulesText(): string {
  return Object.entries(rules)
    .map(([code, rule]) => `${code} (${rule.severity}, ${rule.kind}): ${rule.title}\n  ${rule.advice}`)
    .join('\n');
}

export function sections(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split(/^# /m)
      .slice(1)
      .map((part) => {
        const end = part.indexOf('\n');
        return [part.slice(0, end), part.slice(end + 1).trimEnd()];
      }),
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const parts = [['The rules', rulesText()], ...rows.map((row) => [row.reason, reportOf(row)])];
  const text = parts.map(([head, body]) => `# ${head}\n${body}\n`).join('\n');
  writeFileSync(new URL('findings.txt', import.meta.url), text);
}
