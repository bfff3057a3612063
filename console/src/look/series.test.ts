import { describe, expect, it } from 'vitest'
import { alone, tick, told } from './series'

const points = [
  { at: '2026-03-14T12:00:00Z', lag: null, jobs: 0 },
  { at: '2026-03-14T12:01:00Z', lag: 4.5, jobs: 7 },
  { at: '2026-03-14T12:02:00Z', lag: 1, jobs: 2 },
  { at: '2026-03-14T12:03:00Z', lag: null, jobs: 7 },
]

describe('what a line says', () => {
  it('is the last that was measured, and the highest with its first time', () => {
    expect(told(points, 'lag')).toEqual({ last: 1, most: 4.5, at: '2026-03-14T12:01:00Z' })
    expect(told(points, 'jobs')).toEqual({ last: 7, most: 7, at: '2026-03-14T12:01:00Z' })
  })

  it('is nothing where nothing was measured', () => {
    expect(told(points.slice(0, 1), 'lag')).toBeNull()
    expect(told(points, 'other')).toBeNull()
    expect(told([], 'jobs')).toBeNull()
  })
})

describe('a value alone', () => {
  it('has no measured neighbour on either side', () => {
    const lags = [1, null, 2, null, 0, 3].map((lag, minute) => ({ at: `2026-03-14T12:0${minute}:00Z`, lag }))
    expect(lags.map((_, index) => alone(lags, 'lag', index))).toEqual([true, false, true, false, false, false])
    expect(alone([], 'lag', 0)).toBe(false)
  })
})

describe('times under a chart', () => {
  it('name the day where there are several', () => {
    expect(tick('2026-03-14T12:00:00Z', 'day', true, 'en')).toBe('Mar 14')
    expect(tick('2026-03-14T12:00:00Z', 'hour', true, 'en')).toMatch(/^Sat/)
    expect(tick('2026-03-14T12:00:00Z', 'minute', false, 'en')).not.toMatch(/Sat|Mar/)
  })
})
