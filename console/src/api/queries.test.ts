import { describe, expect, it } from 'vitest'
import { Problem } from './problem'
import { again, pause } from './queries'

describe('reading again by itself', () => {
  it('waits for the network as long as it takes', () => {
    expect(again(50, new Problem(0))).toBe(true)
  })

  it('tries a server in trouble three times', () => {
    expect([0, 1, 2, 3].map((failures) => again(failures, new Problem(503)))).toEqual([true, true, true, false])
  })

  it('leaves a refusal as it is', () => {
    expect([401, 403, 404, 409, 412, 422, 429].some((status) => again(0, new Problem(status)))).toBe(false)
    expect(again(0, new TypeError('a fault of the page'))).toBe(false)
  })

  it('waits as long as the API asks, else twice as long each time', () => {
    expect(pause(0, new Problem(503, {}, 7))).toBe(7000)
    expect(pause(2, new Problem(503))).toBeGreaterThanOrEqual(3000)
    expect(pause(2, new Problem(503))).toBeLessThanOrEqual(5000)
    expect(pause(50, new Problem(0))).toBeLessThanOrEqual(20_000)
  })
})

describe('a problem', () => {
  it('tells each field what is wrong with it', () => {
    const errors = [{ code: 'TOO_SHORT', message: 'At least 10.', field: 'password', pointer: '#/password' }]
    const problem = new Problem(422, { detail: 'Not acceptable.', errors })
    expect([problem.message, problem.code, problem.fields]).toEqual([
      'Not acceptable.',
      'TOO_SHORT',
      { password: 'At least 10.' },
    ])
  })
})
