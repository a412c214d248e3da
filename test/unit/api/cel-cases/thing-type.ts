import { expand, naming } from './shared.ts';

export const thingTypeCases = expand(
  'ThingType',
  {},
  naming('thingTypeName', 'the name of a thing type (letters, digits, : _ -; at most 128)'),
);
