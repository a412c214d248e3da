/** ARN of an AWS IoT resource; the partition follows from the region. */
export function arnOf(where: { readonly accountId: string; readonly region: string }, resource: string): string {
  const { region, accountId } = where;
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return `arn:${partition}:iot:${region}:${accountId}:${resource}`;
}
