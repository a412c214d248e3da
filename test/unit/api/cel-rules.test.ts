import { describe, expect, it } from 'vitest';
import { createSchemaRegistry } from '../../../operator/api/validate.ts';
import { allRules, checkRuleCases } from '../../../scripts/gen/rule-cases.ts';
import { celCases } from './cel-cases.ts';

describe('the CEL rules of the CRDs', () => {
  const registry = createSchemaRegistry();

  it.each(celCases.map((one) => [`${one.kind}: ${one.rule} — ${one.reason}: ${one.expect}`, one] as const))(
    '%s',
    (_, one) => {
      const old = one.old && registry.admit(one.old).object;
      const errors = registry.admit(one.object, old).errors.map(({ message }) => message);
      if (one.expect === 'accepted') expect(errors).toEqual([]);
      else expect(errors).toContain(one.rule);
    },
  );

  it('all have a case that they accept and one that they refuse, transition rules as updates', () => {
    expect(checkRuleCases()).toEqual([]);
  });

  it('are named by their message, once a kind', () => {
    const names = allRules().map(({ kind, rule }) => `${kind}: ${rule}`);
    expect(names.length).toBeGreaterThan(40);
    expect(new Set(names).size).toBe(names.length);
  });

  it('lack a case when one is taken away', () => {
    const without = celCases.filter(({ rule }) => !rule.startsWith('region is immutable'));
    expect(checkRuleCases(without)).toEqual([
      expect.stringMatching(/^AWSAccount: region is immutable.*has no accepted update case/),
      expect.stringMatching(/^AWSAccount: region is immutable.*has no refused update case/),
    ]);
  });

  it('use nothing that the two engines evaluate differently', () => {
    // Of the functions that the API server's CEL has and the offline engine lacks or answers differently.
    const different =
      /\b(url|isURL|ip|isIP|cidr|isCIDR|quantity|indexOf|lastIndexOf|find|findAll|replace|format|sortBy|sum|min|max|isSorted|authorizer|sets|semver)\(/;
    for (const { kind, schemaRules } of rulesWithText()) {
      for (const rule of schemaRules) expect(`${kind}: ${rule}`).not.toMatch(different);
    }
  });

  function rulesWithText() {
    return registry.kinds.map(({ kind, schema }) => ({
      kind,
      schemaRules: [...JSON.stringify(schema).matchAll(/"rule":"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? ''),
    }));
  }
});
