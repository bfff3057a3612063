import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type Fact, Live } from './live'

class Line {
  readyState = 0
  said: { type: string; channel: string; since?: string }[] = []
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  send = (text: string) => this.said.push(JSON.parse(text))
  close = () => this.lose(1000)

  open() {
    this.readyState = 1
    this.onopen?.()
  }

  tell(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) })
  }

  lose(code: number) {
    this.readyState = 3
    this.onclose?.({ code })
  }
}

let lines: Line[]
let reachable: boolean
let live: Live
const heard = () => ({ onFact: vi.fn<(fact: Fact) => void>(), onGap: vi.fn(), onRefused: vi.fn() })
const fact = (id: string, position: string) => ({ type: 'event', channel: 'pets', event: 'pet.fed', id, position })
const settled = () => vi.advanceTimersByTimeAsync(0)
const last = () => lines.at(-1) as Line

beforeEach(() => {
  vi.useFakeTimers()
  lines = []
  reachable = true
  live = new Live(
    async () => {
      if (!reachable) throw new Error('nobody there')
      lines.push(new Line())
      return last() as unknown as WebSocket
    },
    () => 0.5,
  )
})

async function open() {
  const listener = heard()
  const stop = live.listen('pets', listener)
  await settled()
  last().open()
  last().tell({ type: 'subscribed', channel: 'pets', position: 'e:1' })
  return { listener, stop }
}

describe('listening', () => {
  it('keeps the last connection alone where others were asked for before it came', async () => {
    const asked: ((line: Line) => void)[] = []
    const slow = new Live(() => new Promise((come) => asked.push(come as unknown as (line: Line) => void)))
    slow.listen('pets', heard())()
    slow.listen('tasks', heard())
    slow.restart()
    const came = asked.map(() => new Line())
    for (const [at, come] of asked.entries()) come(came[at] as Line)
    await settled()
    for (const line of came) if (line.readyState === 0) line.open()
    expect(came.map(({ readyState }) => readyState)).toEqual([3, 3, 1])
    expect(came.at(-1)?.said).toEqual([{ type: 'subscribe', channel: 'tasks' }])
  })

  it('reads the state when it begins, and tells facts in order', async () => {
    const { listener } = await open()
    expect(last().said).toEqual([{ type: 'subscribe', channel: 'pets' }])
    expect(listener.onGap).toHaveBeenCalledTimes(1)
    last().tell(fact('a', 'e:2'))
    last().tell(fact('b', 'e:3'))
    expect(listener.onFact.mock.calls.map(([one]) => one.id)).toEqual(['a', 'b'])
  })

  it('goes on where it was after a loss, without telling anything twice', async () => {
    const { listener } = await open()
    last().tell(fact('a', 'e:2'))
    last().lose(1006)
    expect(live.standing()).toBe('away')
    await vi.advanceTimersByTimeAsync(600)
    expect(lines).toHaveLength(2)
    last().open()
    expect(last().said).toEqual([{ type: 'subscribe', channel: 'pets', since: 'e:2' }])
    last().tell({ type: 'subscribed', channel: 'pets', position: 'e:2' })
    last().tell(fact('a', 'e:2'))
    last().tell(fact('b', 'e:3'))
    expect(listener.onGap).toHaveBeenCalledTimes(1)
    expect(listener.onFact).toHaveBeenCalledTimes(2)
    expect(live.standing()).toBe('open')
  })

  it('says a gap, so that the state is read anew', async () => {
    const { listener } = await open()
    last().tell({ type: 'gap', channel: 'pets', position: 'e:90' })
    expect(listener.onGap).toHaveBeenCalledTimes(2)
  })

  it('comes back later and later while nobody answers', async () => {
    await open()
    reachable = false
    last().lose(1006)
    const tried: number[] = []
    for (const seconds of [0.5, 1, 2, 4, 8, 16, 30, 30]) {
      await vi.advanceTimersByTimeAsync(seconds * 1000 - 1)
      tried.push(lines.length)
      await vi.advanceTimersByTimeAsync(1)
    }
    expect(new Set(tried)).toEqual(new Set([1]))
    reachable = true
    await vi.advanceTimersByTimeAsync(30_000)
    expect(lines).toHaveLength(2)
  })

  it('comes back at once when the server says that it restarts', async () => {
    await open()
    last().lose(1012)
    await vi.advanceTimersByTimeAsync(250)
    expect(lines).toHaveLength(2)
  })

  it('does not come back where coming back would not help', async () => {
    await open()
    last().lose(1008)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(lines).toHaveLength(1)
  })

  it('finds out that the other end is gone without a word', async () => {
    await open()
    const line = last()
    await vi.advanceTimersByTimeAsync(20_000)
    expect(line.said.at(-1)).toEqual({ type: 'ping' })
    line.tell({ type: 'pong' })
    await vi.advanceTimersByTimeAsync(20_000)
    expect(live.standing()).toBe('open')
    await vi.advanceTimersByTimeAsync(20_000)
    expect(live.standing()).toBe('away')
    await vi.advanceTimersByTimeAsync(1000)
    expect(lines).toHaveLength(2)
  })

  it('hangs up when nobody listens any more', async () => {
    const { stop } = await open()
    const line = last()
    stop()
    expect(line.said.at(-1)).toEqual({ type: 'unsubscribe', channel: 'pets' })
    expect(line.readyState).toBe(3)
    expect(live.standing()).toBe('idle')
    await vi.advanceTimersByTimeAsync(120_000)
    expect(lines).toHaveLength(1)
  })

  it('passes a refusal on, in the words of the API', async () => {
    const { listener } = await open()
    last().tell({ type: 'error', code: 'NOT_FOUND', message: 'No such channel.', channel: 'pets' })
    expect(listener.onRefused).toHaveBeenCalledWith('No such channel.')
  })

  it('begins anew for somebody else', async () => {
    const { listener } = await open()
    live.restart()
    await settled()
    last().open()
    expect(last().said).toEqual([{ type: 'subscribe', channel: 'pets' }])
    last().tell({ type: 'subscribed', channel: 'pets', position: 'f:1' })
    expect(listener.onGap).toHaveBeenCalledTimes(2)
  })
})
