import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type Holder, Session } from './session'

const tokens = { access_token: 'first', expires_in: 900 }

function held(renew: Holder['renew'] = async () => ({ token: 'next', seconds: 900 })) {
  const holder = { renew: vi.fn(renew), end: vi.fn(async () => {}) }
  let now = 0
  const session = new Session({ cookie: async () => holder }, () => now)
  return { holder, session, turn: (seconds: number) => (now += seconds) }
}

beforeEach(() => localStorage.clear())

describe('a session', () => {
  it('asks nobody where this browser never signed in', async () => {
    const { holder, session } = held()
    await session.start()
    expect(session.snapshot()).toEqual({ state: 'out', reason: 'never' })
    expect(holder.renew).not.toHaveBeenCalled()
  })

  it('is taken up again after a reload', async () => {
    localStorage.setItem('esteio-session', 'cookie')
    const { session } = held()
    await session.start()
    expect(await session.token()).toBe('next')
  })

  it('renews its token before its end, once for all who ask at the same time', async () => {
    const { holder, session, turn } = held()
    await session.enter('cookie', tokens)
    expect(await session.token()).toBe('first')
    turn(880)
    expect(await Promise.all([session.token(), session.token()])).toEqual(['next', 'next'])
    expect(holder.renew).toHaveBeenCalledTimes(1)
  })

  it('ends where its source says that it is over, and tells why', async () => {
    const { session } = held(async () => null)
    await session.enter('cookie', tokens)
    expect(await session.renewed()).toBeNull()
    expect(session.snapshot()).toEqual({ state: 'out', reason: 'expired' })
    expect(await session.token()).toBeNull()
  })

  it('outlives a time without an answer', async () => {
    localStorage.setItem('esteio-session', 'cookie')
    const { session } = held(async () => Promise.reject(new Error('nobody there')))
    await session.start()
    expect(session.isIn).toBe(true)
    expect(localStorage.getItem('esteio-session')).toBe('cookie')
  })

  it('outlives a time in which what holds it cannot be loaded', async () => {
    localStorage.setItem('esteio-session', 'cookie')
    const { holder } = held()
    const make = vi.fn(async () => holder).mockRejectedValueOnce(new TypeError('not loaded'))
    const session = new Session({ cookie: make }, () => 0)
    await session.start()
    expect(session.isIn).toBe(true)
    expect(await session.token()).toBe('next')
  })

  it('is ended at its source though what holds it was not loaded until then', async () => {
    localStorage.setItem('esteio-session', 'elsewhere')
    const { holder } = held()
    const make = vi.fn(async () => holder).mockRejectedValueOnce(new TypeError('not loaded'))
    const session = new Session({ elsewhere: make }, () => 0)
    await session.start()
    await session.leave()
    expect(holder.end).toHaveBeenCalledTimes(1)
    expect(session.snapshot()).toEqual({ state: 'out', reason: 'left' })
  })

  it('is gone everywhere after leaving, also where nobody hears of it', async () => {
    const { holder, session } = held()
    holder.end.mockRejectedValue(new Error('nobody there'))
    await session.enter('cookie', tokens)
    await session.leave()
    expect(session.snapshot()).toEqual({ state: 'out', reason: 'left' })
    expect(localStorage.getItem('esteio-session')).toBeNull()
  })

  it('ends a sign-out that nobody heard of before it asks for anything else', async () => {
    const { holder, session } = held()
    holder.end.mockRejectedValueOnce(new Error('nobody there'))
    await session.enter('cookie', tokens)
    await session.leave()
    expect(localStorage.getItem('esteio-leaving')).toBe('yes')
    const later = held()
    await later.session.start()
    expect(later.holder.end).toHaveBeenCalledTimes(1)
    expect(later.holder.renew).not.toHaveBeenCalled()
    expect(localStorage.getItem('esteio-leaving')).toBeNull()
  })
})
