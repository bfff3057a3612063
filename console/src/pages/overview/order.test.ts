import { describe, expect, it } from 'vitest'
import { ordered, type Route } from './order'

const route = (name: string, requests: number, p95: number | null, error_rate: number) =>
  ({ route: name, method: 'GET', requests, error_rate, latency_ms: { p50: p95, p95, p99: p95 } }) as Route

const routes = [
  route('/used', 90, 2, 0),
  route('/slow', 4, 800, 0),
  route('/live', 5, null, 0),
  route('/bad', 3, 9, 0.5),
]
const names = (order: Parameters<typeof ordered>[1]) => ordered(routes, order).map((one) => one.route)

describe('the order of routes', () => {
  it('is by requests, by latency or by errors', () => {
    expect(names('most_used')).toEqual(['/used', '/live', '/slow', '/bad'])
    expect(names('slowest')).toEqual(['/slow', '/bad', '/used'])
    expect(names('failing')).toEqual(['/bad'])
  })

  it('keeps all of them, and leaves what it is given as it is', () => {
    const many = Array.from({ length: 30 }, (_, number) => route(`/${number}`, number + 1, 1, 0))
    expect(ordered(many, 'most_used').map((one) => one.requests)).toEqual([...Array(30).keys()].map((one) => 30 - one))
    expect(many[0]?.requests).toBe(1)
  })
})
