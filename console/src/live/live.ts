import { prefix } from '~/place'

/** A fact as the API tells it (docs/realtime.md). */
export interface Fact {
  channel: string
  position: string
  event: string
  id: string
  subject: string
  occurred_at: string
  data: Record<string, unknown>
}

export interface Listener {
  onFact(fact: Fact): void
  /** What was missed cannot be told any more, or listening has begun: read the state anew. */
  onGap(): void
  /** The channel may not be heard, in the words of the API. */
  onRefused?(message: string): void
}

/** `idle`: nobody listens. `away`: connecting has failed and is tried again by itself. */
export type Standing = 'idle' | 'connecting' | 'open' | 'away'

/** Opens a connection; told by the caller so that a test needs no browser. */
export type Opener = () => Promise<WebSocket>

const PLAIN_MISTAKES = new Set([1003, 1007, 1008, 1009])
const RESTARTING = 1012
const SEEN = 500
const LONGEST_WAIT = 30_000
const FIRST_WAIT = 500
/** Milliseconds between signs of life; a connection that gave none in between is gone, whatever the system says. */
const BEAT = 20_000

/**
 * One connection for all that a page listens to. Lost connections are made anew, later and later, and go on where
 * they were; what cannot be told any more is said to be a gap. A fact is told once on each channel.
 */
export class Live {
  #listeners = new Map<string, Set<Listener>>()
  #positions = new Map<string, string>()
  #seen = new Set<string>()
  #socket: WebSocket | null = null
  #standing: Standing = 'idle'
  /** Counts attempts: what an overtaken one comes to is nobody's any more. */
  #attempt = 0
  #wait = 0
  #timer: ReturnType<typeof setTimeout> | null = null
  #beat: ReturnType<typeof setInterval> | null = null
  #heard = true
  #watchers = new Set<() => void>()

  constructor(
    private readonly open: Opener,
    private readonly random: () => number = Math.random,
  ) {
    if (typeof window !== 'undefined') window.addEventListener('online', () => this.#soon(0))
  }

  standing = (): Standing => this.#standing

  watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Listen to a channel until the returned function is called. */
  listen(channel: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, listeners.add(listener))
    if (listeners.size === 1) this.#say({ type: 'subscribe', channel, since: this.#positions.get(channel) })
    if (this.#standing === 'idle') this.#connect()
    return () => this.#stop(channel, listener)
  }

  /** Begin anew, as somebody else: after signing in or out. */
  restart(): void {
    this.#positions.clear()
    this.#seen.clear()
    this.#drop()
    if (this.#listeners.size > 0) this.#connect()
  }

  #stop(channel: string, listener: Listener): void {
    const listeners = this.#listeners.get(channel)
    listeners?.delete(listener)
    if (listeners?.size !== 0) return
    this.#listeners.delete(channel)
    this.#positions.delete(channel)
    this.#say({ type: 'unsubscribe', channel })
    if (this.#listeners.size === 0) this.#drop()
  }

  #connect(): void {
    this.#clear()
    this.#become('connecting')
    const attempt = ++this.#attempt
    this.open().then(
      (socket) => (attempt === this.#attempt ? this.#take(socket) : socket.close()),
      () => {
        if (attempt === this.#attempt) this.#again()
      },
    )
  }

  #take(socket: WebSocket): void {
    this.#socket = socket
    socket.onopen = () => {
      this.#become('open')
      this.#watchOver(socket)
      for (const channel of this.#listeners.keys())
        this.#say({ type: 'subscribe', channel, since: this.#positions.get(channel) })
    }
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data))
    socket.onclose = ({ code }) => {
      if (this.#socket === socket) this.#lost(code)
    }
  }

  #lost(code = 0): void {
    this.#socket = null
    if (this.#beat) clearInterval(this.#beat)
    this.#again(code)
  }

  /** The other end may be gone without a word: a network that changed, a machine that slept. */
  #watchOver(socket: WebSocket): void {
    this.#heard = true
    this.#beat = setInterval(() => {
      if (this.#socket !== socket) return
      if (!this.#heard) {
        this.#lost()
        socket.close()
        return
      }
      this.#heard = false
      this.#say({ type: 'ping' })
    }, BEAT)
  }

  #hear(message: { type: string; channel?: string; message?: string } & Partial<Fact>): void {
    this.#wait = 0
    this.#heard = true
    const channel = message.channel ?? ''
    const listeners = [...(this.#listeners.get(channel) ?? [])]
    if (message.type === 'event') this.#tell(message as Fact, listeners)
    if (message.type === 'gap') for (const one of listeners) one.onGap()
    if (message.type === 'subscribed' && !this.#positions.has(channel)) for (const one of listeners) one.onGap()
    if (message.type === 'error') for (const one of listeners) one.onRefused?.(message.message ?? '')
    if (message.position) this.#positions.set(channel, message.position)
  }

  #tell(fact: Fact, listeners: Listener[]): void {
    const known = `${fact.channel} ${fact.id}`
    if (this.#seen.has(known)) return
    this.#seen.add(known)
    if (this.#seen.size > SEEN) this.#seen.delete(this.#seen.values().next().value as string)
    for (const one of listeners) one.onFact(fact)
  }

  #again(code = 0): void {
    const wanted = this.#listeners.size > 0
    this.#become(wanted ? 'away' : 'idle')
    if (!wanted) return
    if (PLAIN_MISTAKES.has(code)) return
    this.#wait = Math.min(LONGEST_WAIT, this.#wait * 2 || FIRST_WAIT)
    this.#soon(code === RESTARTING ? this.random() * FIRST_WAIT : this.#wait * (0.5 + this.random()))
  }

  #soon(milliseconds: number): void {
    if (this.#standing !== 'away') return
    this.#clear()
    this.#timer = setTimeout(() => this.#connect(), milliseconds)
  }

  #clear(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  #drop(): void {
    this.#clear()
    this.#attempt++
    const socket = this.#socket
    this.#socket = null
    if (this.#beat) clearInterval(this.#beat)
    socket?.close()
    this.#become('idle')
  }

  #say(message: object): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(message))
  }

  #become(standing: Standing): void {
    if (this.#standing === standing) return
    this.#standing = standing
    for (const watcher of this.#watchers) watcher()
  }
}

/** A connection to this house, with a ticket where `ticket` gives one. */
export function opener(ticket: () => Promise<string | null>): Opener {
  return async () => {
    const proof = await ticket()
    const query = proof ? `?ticket=${encodeURIComponent(proof)}` : ''
    return new WebSocket(`${window.location.origin.replace(/^http/, 'ws')}${prefix}/ws${query}`)
  }
}
