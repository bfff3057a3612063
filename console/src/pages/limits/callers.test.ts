import { expect, it } from 'vitest'
import { placeOf, rateOf } from './callers'

it('knows where a caller is shown', () => {
  expect(['user:1', 'key:2', 'key:environment-ab', 'client:3', 'operator', null].map(placeOf)).toEqual([
    '/users?user=1',
    '/keys',
    null,
    '/clients',
    null,
    null,
  ])
})

it('writes a rate as the API reads it', () => {
  expect([rateOf(60, 60), rateOf(5, 1), rateOf(10, 86_400), rateOf(100, 30), rateOf(7, 7200)]).toEqual([
    '60/minute',
    '5/second',
    '10/day',
    '100/30s',
    '7/7200s',
  ])
})
