/**
 * A sensor on trial with a policy of its own. A policy that only one certificate carries may change in place, so its
 * change arrives within the minute that the demo has; a policy of many moves one asset at a time, which takes AWS's time.
 */
export const pilotPolicy = 'pilot';

export const pilot: readonly { readonly file: string; readonly text: string }[] = [
  {
    file: `policies/${pilotPolicy}.yaml`,
    text: `# What the sensor on trial may do beside what every device may.
apiVersion: fleetward.dev/v1alpha1
kind: IoTPolicy
metadata:
  name: ${pilotPolicy}
spec:
  strategy:
    type: AllAtOnce
  document:
    Version: "2012-10-17"
    Statement:
      - Sid: Trial
        Effect: Allow
        Action: [iot:Publish]
        Resource:
          - arn:aws:iot:us-east-1:123456789012:topic/trial/\${iot:Connection.Thing.ThingName}
`,
  },
  {
    file: 'sites/dresden/pilot.yaml',
    text: `# Its key is made by the operator.
apiVersion: fleetward.dev/v1alpha1
kind: Device
metadata:
  name: drs-pilot-01
spec:
  thingTypeRef: { name: sensor }
  attributes:
    site: dresden
  policyRefs:
    - name: ${pilotPolicy}
  certificates:
    - name: a
      issued: { secretName: drs-pilot-01 }
`,
  },
];
