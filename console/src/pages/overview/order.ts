import type { Traffic } from './queries'

export const ORDERS = ['most_used', 'slowest', 'failing'] as const
export type Order = (typeof ORDERS)[number]
export type Route = Traffic['routes'][number]

/** The routes in this order; those that nothing is told of in it are left out. */
export function ordered(routes: Route[], order: Order): Route[] {
  const weight = (route: Route): number => {
    if (order === 'most_used') return route.requests
    return order === 'slowest' ? (route.latency_ms.p95 ?? 0) : route.error_rate
  }
  return routes
    .filter((route) => weight(route) > 0)
    .sort((one, other) => weight(other) - weight(one) || other.requests - one.requests)
}
