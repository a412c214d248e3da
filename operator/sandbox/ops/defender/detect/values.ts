import { notFound } from '../../../errors.ts';
import { family } from '../../../operations.ts';
import { pageOfList } from '../../../state/paging.ts';
import { SETTINGS } from '../../../state/settings.ts';
import { compact } from '../../support.ts';
import { keyOf } from './plan.ts';
import { DETECT, METRIC_RETENTION } from './state.ts';

/** Datapoints that a model needs before it is built (dd-detect-ml). */
const NEEDED_POINTS = 25_000;

/** What Detect has collected. Models of ML Detect are never built here: they stay in training. */
export const metricValues = family(
  'iot',
  {
    ListMetricValues(context, input) {
      const from = Math.max(input.startTime.getTime(), context.now() - METRIC_RETENTION);
      const dimension =
        input.dimensionName === undefined
          ? undefined
          : { dimensionName: input.dimensionName, operator: input.dimensionValueOperator };
      const points =
        context.slice(DETECT).devices.get(input.thingName)?.points.get(keyOf(input.metricName, dimension)) ?? [];
      const told = points
        .filter(({ at }) => at >= from && at <= input.endTime.getTime())
        .map(({ at, value }) => ({ timestamp: new Date(at), value }));
      const request = { token: input.nextToken, limit: input.maxResults ?? 100 };
      const page = pageOfList(told, request, context.world.paging);
      return compact({ metricDatumList: page.items, nextToken: page.next });
    },

    GetBehaviorModelTrainingSummaries(context, input) {
      const { securityProfiles } = context.slice(SETTINGS);
      const name = input.securityProfileName;
      if (name !== undefined && !securityProfiles.has(name)) throw notFound(`Security profile ${name} not found`);
      const { training } = context.slice(DETECT);
      const summaries = [...securityProfiles.values()]
        .filter((profile) => name === undefined || profile.name === name)
        .flatMap((profile) =>
          profile.behaviors.flatMap((behavior) => {
            if (!behavior.criteria?.mlDetectionConfig) return [];
            const known = training.get(`${profile.name}/${behavior.name ?? ''}`);
            return [
              {
                securityProfileName: profile.name,
                behaviorName: behavior.name,
                trainingDataCollectionStartDate: new Date(known?.since ?? profile.createdAt),
                modelStatus: 'PENDING_BUILD' as const,
                datapointsCollectionPercentage: Math.min(100, ((known?.points ?? 0) / NEEDED_POINTS) * 100),
              },
            ];
          }),
        );
      const page = pageOfList(
        summaries,
        { token: input.nextToken, limit: input.maxResults ?? 10 },
        context.world.paging,
      );
      return compact({ summaries: page.items, nextToken: page.next });
    },
  },
  [DETECT],
);
