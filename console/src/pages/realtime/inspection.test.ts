import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Inspection, MOST } from './inspection'

class Line {
  readyState = 0
  said: { type: string; channel?: string; since?: string }[] = []
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  send = (text: string) => this.said.push(JSON.parse(text))
  close = vi.fn()

  open() {
    this.readyState = 1
    this.onopen?.()
  }

  tell(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) })
  }

  lose(code: number, reason = '') {
    this.readyState = 3
    this.onclose?.({ code, reason })
  }
}

let lines: Line[]
let inspection: Inspection
const last = () => lines.at(-1) as Line
const settled = () => vi.advanceTimersByTimeAsync(0)
const fact = (number: number) => ({ type: 'event', channel: 'pets', position: `e:${number}`, event: 'pet.fed' })

beforeEach(async () => {
  vi.useFakeTimers()
  lines = []
  inspection = new Inspection(
    async () => {
      lines.push(new Line())
      return last() as unknown as WebSocket
    },
    () => 0.5,
  )
  inspection.listen('pets')
  inspection.enter()
  await settled()
  last().open()
  last().tell({ type: 'subscribed', channel: 'pets', position: 'e:1' })
})

describe('what is said', () => {
  it('is listed with who said it, the latest first', () => {
    last().tell(fact(2))
    const { entries, channels } = inspection.seen()
    expect(entries.map(({ by, told }) => [by, told.type])).toEqual([
      ['server', 'event'],
      ['server', 'subscribed'],
      ['client', 'subscribe'],
    ])
    expect(channels).toEqual([{ name: 'pets', state: 'heard', position: 'e:2', facts: 1, words: '' }])
  })

  it('is kept up to a bound', () => {
    for (let number = 0; number < MOST + 50; number += 1) last().tell(fact(number))
    const { entries } = inspection.seen()
    expect(entries).toHaveLength(MOST)
    expect(entries[0]?.told.position).toBe(`e:${MOST + 49}`)
  })

  it('waits while the list is held, and is shown after it', () => {
    inspection.pause(true)
    last().tell(fact(2))
    expect(inspection.seen()).toMatchObject({ held: 1, paused: true })
    expect(inspection.seen().entries).toHaveLength(2)
    inspection.pause(false)
    expect(inspection.seen().held).toBe(0)
    expect(inspection.seen().entries).toHaveLength(3)
    inspection.clear()
    expect(inspection.seen().entries).toEqual([])
  })

  it('of a refused channel is that it may not be heard', () => {
    inspection.listen('orders')
    last().tell({ type: 'error', code: 'NOT_FOUND', message: 'no such channel', channel: 'orders' })
    expect(inspection.seen().channels[1]).toMatchObject({ name: 'orders', state: 'refused', words: 'no such channel' })
    inspection.stop('orders')
    expect(last().said.some(({ type }) => type === 'unsubscribe')).toBe(false)
  })
})

describe('who leaves and comes back before the connection is there', () => {
  it('has one connection', async () => {
    inspection.leave()
    inspection.enter()
    inspection.leave()
    inspection.enter()
    await settled()
    const [, early, late] = lines as [Line, Line, Line]
    expect(lines).toHaveLength(3)
    expect(early.close).toHaveBeenCalled()
    expect(late.close).not.toHaveBeenCalled()
    late.open()
    expect(inspection.seen().standing).toBe('open')
  })
})

describe('a lost connection', () => {
  it('comes back by itself and goes on where it was', async () => {
    last().tell(fact(7))
    last().lose(1012, 'reconnect: this process is ending')
    expect(inspection.seen()).toMatchObject({
      standing: 'waiting',
      reconnects: 1,
      ended: { code: 1012, reason: 'reconnect: this process is ending' },
    })
    await vi.advanceTimersByTimeAsync(400)
    last().lose(1006)
    expect(inspection.seen().ended?.code).toBe(1012)
    await vi.advanceTimersByTimeAsync(2000)
    last().open()
    expect(lines).toHaveLength(3)
    expect(last().said).toEqual([{ type: 'subscribe', channel: 'pets', since: 'e:7' }])
  })

  it('does not come back where that would end the same way, nor after one has left', async () => {
    last().lose(1009)
    expect(inspection.seen().standing).toBe('closed')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(lines).toHaveLength(1)
    inspection.enter()
    await settled()
    inspection.leave()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(lines).toHaveLength(2)
    expect(inspection.say({ type: 'ping' })).toBe(false)
  })
})
