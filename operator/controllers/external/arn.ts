/** ARN of an AWS IoT resource; the partition follows from the region. */
export function arnOf(where: { readonly accountId: string; readonly region: string }, resource: string): string {
  const { region, accountId } = where;
  return `arn:${partitionOf(region)}:iot:${region}:${accountId}:${resource}`;
}

export function partitionOf(region: string): string {
  return region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
