/** ARN of an AWS IoT resource; the partition follows from the region. */
export function arnOf(where: { readonly accountId: string; readonly region: string }, resource: string): string {
  const { region, accountId } = where;
  return `arn:${partitionOf(region)}:iot:${region}:${accountId}:${resource}`;
}

interface CertificatePlace {
  readonly accountId: string;
  readonly region: string;
  readonly snapshot: { readonly certificates: { get(id: string): { readonly arn: string } | undefined } };
}

/** As AWS told it; put together where no list has shown the certificate yet, or a list has left its ARN out. */
export function certificateArn(session: CertificatePlace, id: string): string {
  return session.snapshot.certificates.get(id)?.arn || arnOf(session, `cert/${id}`);
}

export function partitionOf(region: string): string {
  return region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
