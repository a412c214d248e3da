// The layers of docs/architecture.md. An arrow may only point down.
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: `^operator/${from}/` },
  to: { path: '^operator/', pathNot: [`^operator/${from}/`, ...allowed.map((a) => `^operator/${a}`)] },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only('api', 'api', [], 'Generated types, schemas and their checks stand on nothing of ours.'),
    only('runtime', 'runtime', ['api/'], 'The runtime knows Kubernetes, not AWS, Git or policies.'),
    only('source', 'source', ['api/', 'runtime/'], 'The port to Git and the manifests in it.'),
    only('aws', 'aws', ['api/', 'runtime/'], 'The port to AWS.'),
    only('policy', 'policy', [], 'A library of its own: no I/O, no dependency on the rest.'),
    only('drift', 'drift', ['api/', 'policy/'], 'Pure.'),
    only('rollout', 'rollout', ['api/', 'policy/'], 'Pure.'),
    only(
      'controllers',
      'controllers',
      ['api/', 'runtime/', 'source/', 'aws/', 'policy/', 'drift/', 'rollout/', 'report/'],
      'Controllers never construct ports and never know the sandbox.',
    ),
    only(
      'report',
      'report',
      ['api/', 'policy/', 'drift/', 'rollout/', 'source/manifests'],
      'Text, JSON and SARIF out of results.',
    ),
    only(
      'sandbox',
      'sandbox',
      ['api/', 'policy/', 'runtime/clock', 'runtime/accelerated-clock', 'runtime/metrics'],
      'A peer behind the AWS port.',
    ),
    {
      name: 'pure',
      comment: 'policy, drift and rollout do no I/O.',
      severity: 'error',
      from: { path: '^operator/(policy|drift|rollout)/' },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    {
      name: 'git-only-in-source',
      severity: 'error',
      from: { pathNot: '^operator/source/git/' },
      to: { path: 'node_modules/simple-git' },
    },
    {
      name: 'kubernetes-client-only-in-runtime',
      severity: 'error',
      from: { path: '^operator/', pathNot: '^operator/runtime/' },
      to: { path: 'node_modules/@kubernetes/client-node' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
