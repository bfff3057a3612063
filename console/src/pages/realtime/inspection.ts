import type { Opener } from '~/live/live'

export interface Told {
  type: string
  channel?: string
  position?: string
  event?: string
  id?: string
  subject?: string
  occurred_at?: string
  code?: string
  message?: string
  [more: string]: unknown
}

/** Something that was said on the connection, by whom and when. */
export interface Entry {
  number: number
  at: string
  by: 'server' | 'client'
  told: Told
}

export interface Listened {
  name: string
  /** `asked`: not answered yet; `refused`: in the API's words. */
  state: 'asked' | 'heard' | 'refused'
  position: string
  facts: number
  words: string
}

export interface Seen {
  standing: 'closed' | 'connecting' | 'open' | 'waiting'
  /** How often the connection was made anew by itself. */
  reconnects: number
  /** How the last connection ended. */
  ended: { code: number; reason: string } | null
  channels: Listened[]
  entries: Entry[]
  /** What came since the list was held. */
  held: number
  paused: boolean
}

export const MOST = 500
const FIRST_WAIT = 500
const LONGEST_WAIT = 30_000
const RESTARTING = 1012
/** Coming back would end the same way. */
const FINAL = new Set([1003, 1007, 1008, 1009])
/** Milliseconds for which what comes is gathered before it is shown. */
const TOGETHER = 60

/** A connection of its own on which everything is shown that is said, the latest 500 of it. */
export class Inspection {
  #socket: WebSocket | null = null
  #wanted = false
  /** Counts attempts: what an overtaken one comes to is nobody's any more. */
  #attempt = 0
  #wait = 0
  #timer: ReturnType<typeof setTimeout> | null = null
  #telling: ReturnType<typeof setTimeout> | null = null
  #watchers = new Set<() => void>()
  #number = 0
  #all: Entry[] = []
  #seen: Seen = {
    standing: 'closed',
    reconnects: 0,
    ended: null,
    channels: [],
    entries: [],
    held: 0,
    paused: false,
  }

  constructor(
    private readonly open: Opener,
    private readonly random: () => number = Math.random,
    private readonly now: () => Date = () => new Date(),
  ) {}

  seen = (): Seen => this.#seen

  watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Connect, and come back by itself until `leave`. */
  enter(): void {
    if (this.#wanted) return
    this.#wanted = true
    this.#wait = 0
    this.#connect()
  }

  leave(): void {
    this.#wanted = false
    this.#attempt++
    this.#forgetTimer()
    const socket = this.#socket
    this.#socket = null
    socket?.close()
    this.#change({ standing: 'closed', channels: this.#seen.channels.map((one) => ({ ...one, state: 'asked' })) })
  }

  listen(name: string): void {
    if (this.#seen.channels.some((one) => one.name === name && one.state !== 'refused')) return
    const others = this.#seen.channels.filter((one) => one.name !== name)
    this.#change({ channels: [...others, { name, state: 'asked', position: '', facts: 0, words: '' }] })
    this.say({ type: 'subscribe', channel: name })
  }

  stop(name: string): void {
    const found = this.#seen.channels.find((one) => one.name === name)
    this.#change({ channels: this.#seen.channels.filter((one) => one.name !== name) })
    if (found?.state === 'heard') this.say({ type: 'unsubscribe', channel: name })
  }

  /** Send a message, if there is a connection. */
  say(told: Told): boolean {
    if (this.#socket?.readyState !== 1) return false
    this.#socket.send(JSON.stringify(told))
    this.#write('client', told)
    return true
  }

  /** Hold the list as it is; what comes is kept meanwhile, as far as there is room. */
  pause(paused: boolean): void {
    this.#change(paused ? { paused } : { paused, held: 0, entries: this.#all })
  }

  clear(): void {
    this.#all = []
    this.#change({ entries: [], held: 0 })
  }

  #connect(): void {
    this.#forgetTimer()
    this.#change({ standing: 'connecting' })
    const attempt = ++this.#attempt
    this.open().then(
      (socket) => (attempt === this.#attempt ? this.#take(socket) : socket.close()),
      () => {
        if (attempt === this.#attempt) this.#again(0)
      },
    )
  }

  #take(socket: WebSocket): void {
    this.#socket = socket
    let opened = false
    socket.onopen = () => {
      opened = true
      this.#change({ standing: 'open' })
      for (const { name, position, state } of this.#seen.channels)
        if (state !== 'refused')
          this.say({ type: 'subscribe', channel: name, ...(position ? { since: position } : {}) })
    }
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data))
    socket.onclose = ({ code, reason }) => {
      if (this.#socket !== socket) return
      this.#socket = null
      // One that never opened has nothing to say: why the one before it ended is of more use.
      if (opened) this.#change({ ended: { code, reason } })
      this.#again(code)
    }
  }

  #hear(told: Told): void {
    this.#wait = 0
    this.#write('server', told)
    if (!told.channel) return
    const change = (of: (one: Listened) => Partial<Listened>) =>
      this.#change({
        channels: this.#seen.channels.map((one) => (one.name === told.channel ? { ...one, ...of(one) } : one)),
      })
    const position = told.position ?? ''
    if (told.type === 'subscribed' || told.type === 'gap') change(() => ({ state: 'heard', position }))
    if (told.type === 'event') change(({ facts }) => ({ facts: facts + 1, position }))
    if (told.type === 'error') change(() => ({ state: 'refused', words: told.message ?? '' }))
  }

  #write(by: Entry['by'], told: Told): void {
    this.#number += 1
    const entry = { number: this.#number, at: this.now().toISOString(), by, told }
    this.#all = [entry, ...this.#all].slice(0, MOST)
    if (this.#seen.paused) this.#change({ held: this.#seen.held + 1 })
    else this.#change({ entries: this.#all })
  }

  #again(code: number): void {
    if (!this.#wanted) return
    if (FINAL.has(code)) {
      this.leave()
      return
    }
    this.#wait = Math.min(LONGEST_WAIT, this.#wait * 2 || FIRST_WAIT)
    const rest = code === RESTARTING ? this.random() * FIRST_WAIT : this.#wait * (0.5 + this.random())
    this.#change({ standing: 'waiting', reconnects: this.#seen.reconnects + 1 })
    this.#timer = setTimeout(() => this.#connect(), rest)
  }

  #forgetTimer(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  #change(changes: Partial<Seen>): void {
    this.#seen = { ...this.#seen, ...changes }
    this.#telling ??= setTimeout(() => {
      this.#telling = null
      for (const watcher of this.#watchers) watcher()
    }, TOGETHER)
  }
}
