/** What the operator takes from its environment; nothing else reads it. AWS's own variables are the SDK's business. */
export interface Environment {
  /** Default state folder. */
  readonly state: string;
  /** FLEETWARD_STATE is set: somebody works with a state folder here. */
  readonly stateGiven: boolean;
  /** PATH, for git and ssh. */
  readonly path: string;
  /** Proxy for https remotes of Git. */
  readonly proxy: string | undefined;
  readonly podName: string | undefined;
  readonly podNamespace: string | undefined;
  readonly kubeconfig: string | undefined;
  /** Kubernetes tells every pod where its API server is. */
  readonly inPod: boolean;
  /** AWS_REGION, for an AWSAccount that standalone mode makes itself. */
  readonly region: string | undefined;
  /** https://no-color.org */
  readonly noColour: boolean;
}

export function environment(env: NodeJS.ProcessEnv = process.env): Environment {
  return {
    state: env.FLEETWARD_STATE || '.fleetward',
    stateGiven: Boolean(env.FLEETWARD_STATE),
    path: env.PATH || '/usr/local/bin:/usr/bin:/bin',
    proxy: env.HTTPS_PROXY || env.https_proxy || undefined,
    podName: env.POD_NAME || undefined,
    podNamespace: env.POD_NAMESPACE || undefined,
    kubeconfig: env.KUBECONFIG || undefined,
    inPod: Boolean(env.KUBERNETES_SERVICE_HOST),
    region: env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined,
    noColour: env.NO_COLOR !== undefined && env.NO_COLOR !== '',
  };
}
