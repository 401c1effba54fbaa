// What one request of the HTTP soak does, agreed between its two ends: the client draws it and says it in the target.
// Both bodies are streams of stream.ts, told apart by their seeds, so that each end knows every byte of every request.

/** The rules of the route; each has its own name in the metrics. */
export const routes = ['plain', 'retried', 'abrupt', 'tunnel'] as const;
export type Route = (typeof routes)[number];

const methods = ['GET', 'HEAD', 'PUT', 'POST'] as const;
export type Method = (typeof methods)[number];

/** How an end is told: by Content-Length, by chunks, or by the end of the connection. */
const codings = ['length', 'chunked', 'close'] as const;
export type Coding = (typeof codings)[number];

export interface Plan {
  readonly id: number;
  readonly route: Route;
  readonly method: Method;
  readonly upBytes: number;
  readonly upCoding: Coding;
  readonly downBytes: number;
  readonly downCoding: Coding;
  /** The endpoint answers 503 half of the time. */
  readonly flaky: boolean;
}

export function targetOf(plan: Plan): string {
  const { route, id, upBytes, downBytes, downCoding, flaky } = plan;
  return `/${route}/${id}/${upBytes}/${downBytes}/${downCoding}${flaky ? '/flaky' : ''}`;
}

/** `null`: no client asks for that. */
export function planOf(method: string, target: string): Plan | null {
  const [, route, id, upBytes, downBytes, downCoding, flaky] = target.split('/');
  const plan = {
    id: Number(id),
    route: route as Route,
    method: method as Method,
    upBytes: Number(upBytes),
    upCoding: 'length',
    downBytes: Number(downBytes),
    downCoding: downCoding as Coding,
    flaky: flaky === 'flaky',
  } as const;
  const known =
    routes.includes(plan.route) &&
    methods.includes(plan.method) &&
    codings.includes(plan.downCoding);
  return known && targetOf(plan) === target ? plan : null;
}

export const upSeed = (id: number): number => 2 * id;
export const downSeed = (id: number): number => 2 * id + 1;

export const isIdempotent = (method: Method): boolean => method !== 'POST';

/** Whose answer it is: an endpoint in one of its lives. */
export interface Origin {
  readonly endpoint: number;
  readonly life: number;
}

/** Evenly spread over the orders of magnitude up to `max`; now and then nothing at all. */
function size(random: () => number, max: number): number {
  return random() < 0.08 ? 0 : Math.floor(Math.exp(random() * Math.log(max)));
}

/** Most are small; so that a soak is requests and not only bytes, one in eight may be of several MiB. */
function sizeMax(random: () => number): number {
  return random() < 0.125 ? 6 * 1024 * 1024 : 12 * 1024;
}

function oneOf<Value>(random: () => number, values: readonly Value[]): Value {
  return values[Math.floor(random() * values.length)] as Value;
}

export function drawPlan(
  random: () => number,
  id: number,
  route: Route,
  bytesMax = Number.POSITIVE_INFINITY,
): Plan {
  const method = oneOf(random, [...methods, 'GET', 'GET', 'POST'] as const);
  const hasBody = method === 'PUT' || method === 'POST';
  const draw = (): number => size(random, Math.min(bytesMax, sizeMax(random)));
  return {
    id,
    route,
    method,
    upBytes: hasBody ? draw() : 0,
    upCoding: oneOf(random, ['length', 'chunked']),
    downBytes: draw(),
    downCoding: oneOf(random, ['length', 'length', 'chunked', 'chunked', 'close']),
    flaky: route === 'retried' && random() < 0.05,
  };
}
