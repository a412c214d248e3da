import { AwsError } from '../errors.ts';
import type { OperationShape } from './shapes.ts';

export interface Match {
  readonly operation: OperationShape;
  readonly labels: Readonly<Record<string, string>>;
}

interface Route {
  readonly operation: OperationShape;
  readonly parts: readonly Part[];
  readonly literals: number;
}

type Part = { readonly literal: string } | { readonly label: string };

/** Finds the operation of a method and path by the models' templates; literal segments beat labels. */
export class Router {
  readonly #routes = new Map<string, Route[]>();
  /** Routes that end in a label that may contain slashes. */
  readonly #greedy: Route[] = [];

  constructor(operations: readonly OperationShape[]) {
    for (const operation of operations) {
      if (!operation.http) continue;
      const route = compile(operation, operation.http.path);
      if (operation.http.path.includes('+}')) {
        this.#greedy.push(route);
        continue;
      }
      const key = bucket(operation.http.method, route.parts.length, firstLiteral(route));
      this.#routes.set(
        key,
        [...(this.#routes.get(key) ?? []), route].sort((a, b) => b.literals - a.literals),
      );
    }
  }

  match(method: string, segments: readonly string[]): Match | undefined {
    const routes = this.#routes.get(bucket(method, segments.length, segments[0] ?? '')) ?? [];
    for (const route of routes) {
      const labels = matchParts(route.parts, segments);
      if (labels) return { operation: route.operation, labels };
    }
    for (const route of this.#greedy) {
      if (route.operation.http?.method !== method || segments.length < route.parts.length) continue;
      const last = route.parts.length - 1;
      const labels = matchParts(route.parts, [...segments.slice(0, last), segments.slice(last).join('/')]);
      if (labels) return { operation: route.operation, labels };
    }
    return undefined;
  }
}

const bucket = (method: string, length: number, first: string) => `${method} ${length} ${first}`;

function firstLiteral(route: Route): string {
  const first = route.parts[0];
  return first && 'literal' in first ? first.literal : '';
}

function compile(operation: OperationShape, template: string): Route {
  const pathname = template.split('?')[0] ?? '';
  const parts = pathname
    .split('/')
    .slice(1)
    .map((segment): Part => {
      const label = /^\{(.+?)\+?\}$/.exec(segment);
      return label?.[1] ? { label: label[1] } : { literal: segment };
    });
  return { operation, parts, literals: parts.filter((p) => 'literal' in p).length };
}

function matchParts(parts: readonly Part[], segments: readonly string[]): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? '';
    if ('literal' in part) {
      if (part.literal !== segment) return undefined;
    } else {
      if (segment === '') return undefined;
      labels[part.label] = decode(segment);
    }
  }
  return labels;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new AwsError(
      'InvalidRequestException',
      `The path segment ${segment.slice(0, 80)} is not valid percent-encoding.`,
      {},
      400,
    );
  }
}
