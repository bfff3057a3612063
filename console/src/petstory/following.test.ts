import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Following, type Source, type Standing } from './following'

class Stream implements Source {
  readyState = 0
  onopen: ((event: Event) => void) | null = null
  onerror: ((event: Event) => void) | null = null
  onmessage: ((event: MessageEvent) => void) | null = null
  closed = false
  #named = new Map<string, (event: MessageEvent) => void>()

  constructor(readonly address: string) {}

  addEventListener(name: string, listener: (event: MessageEvent) => void): void {
    this.#named.set(name, listener)
  }

  close(): void {
    this.closed = true
  }

  hears(name: string, id = ''): void {
    const event = new MessageEvent(name, { lastEventId: id })
    if (name === 'message') this.onmessage?.(event)
    else this.#named.get(name)?.(event)
  }

  breaks(forGood: boolean): void {
    this.readyState = forGood ? 2 : 0
    this.onerror?.(new Event('error'))
  }
}

describe('following an order', () => {
  let streams: Stream[]
  let stood: Standing[]
  let changed: number
  let following: Following
  const last = () => streams.at(-1) as Stream

  beforeEach(() => {
    vi.useFakeTimers()
    streams = []
    stood = []
    changed = 0
    const open = (address: string) => {
      streams.push(new Stream(address))
      return last()
    }
    following = new Following(
      'L1',
      () => {
        changed += 1
      },
      (standing) => stood.push(standing),
      open,
    )
    following.start()
  })
  afterEach(() => vi.useRealTimers())

  it('reads when it begins, with each fact, and after a gap', () => {
    last().onopen?.(new Event('open'))
    for (const name of ['subscribed', 'message', 'gap']) last().hears(name, `a:${name}`)
    expect([changed, stood]).toEqual([3, ['open']])
    expect(last().address).toMatch(/\/orders\/L1\/stream$/)
  })

  it('leaves coming back to the browser where that does it', () => {
    last().breaks(false)
    vi.advanceTimersByTime(60_000)
    expect([streams.length, stood]).toEqual([1, ['away']])
    last().onopen?.(new Event('open'))
    expect(stood).toEqual(['away', 'open'])
  })

  it('comes back itself where it was refused, later and later, from the last id on', () => {
    last().hears('message', 'a:4')
    last().breaks(true)
    vi.advanceTimersByTime(999)
    expect(streams).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(last().address).toMatch(/stream\?since=a%3A4$/)
    last().breaks(true)
    vi.advanceTimersByTime(1_999)
    expect(streams).toHaveLength(2)
    following.hurry()
    expect(streams).toHaveLength(3)
    vi.advanceTimersByTime(60_000)
    expect(streams).toHaveLength(3)
  })

  it('ends for good where the link is void', () => {
    last().hears('closed')
    last().breaks(true)
    following.hurry()
    vi.advanceTimersByTime(60_000)
    expect([streams.length, last().closed, stood, changed]).toEqual([1, true, ['void'], 1])
  })
})
