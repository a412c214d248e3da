import { expect, test } from 'vitest';
import { runCli } from '../../../operator/cli/program.ts';

async function release(...argv: readonly string[]) {
  let err = '';
  const stderr = (text: string) => {
    err += text;
  };
  const status = await runCli(['release', ...argv], { stdout: () => undefined, stderr, isTTY: false, cwd: '/' });
  return { status, err };
}

test.each([
  [['--all'], /needs --namespace/],
  [['-n', 'a'], /either --all, or a KIND/],
  [['-n', 'a', '--all', 'device', 'x'], /either --all, or a KIND/],
  [['-n', 'a', 'fleet', 'x'], /A name needs exactly one kind/],
  [['-n', 'a', 'pods'], /There is no kind "pods"/],
])('release %j is refused before any cluster is asked', async (argv, message) => {
  const { status, err } = await release(...argv);
  expect(status).toBe(2);
  expect(err).toMatch(message);
});

test('a kubeconfig that is not there is named, with what to do', async () => {
  const { status, err } = await release('-n', 'a', '--all', '--kubeconfig', '/nowhere/config');
  expect(status).toBe(3);
  expect(err).toMatch(/\/nowhere\/config.*Give --kubeconfig FILE, or set KUBECONFIG/);
});
