import { Problem } from '~/api/problem'
import type { Offer, Order } from './api'
import type { Send } from './sending'

export type Bounds = Offer['photos']

/**
 * `waiting` for its turn, `sending`, `checking`: all has left and the photo is being looked at, `resting`: what broke
 * off is sent again by itself, `failed`: only the customer can do something about it.
 */
export type Stage = 'waiting' | 'sending' | 'checking' | 'resting' | 'failed'

export interface Upload {
  id: number
  name: string
  size: number
  /** Of the file itself, for a picture of it before anything was sent. */
  url: string
  stage: Stage
  /** From 0 to 1. */
  share: number
  /** Why it failed: a code of the API, or of what is seen here already. */
  why: string
  /** Whether sending the same file again may help. */
  again: boolean
}

interface Held extends Upload {
  file: File
  tries: number
  stop: AbortController
  timer?: ReturnType<typeof setTimeout>
}

const AT_ONCE = 2
const MOST_TRIES = 6
/** Where nobody answers at all: ten minutes. */
const MOST_TRIES_AWAY = 24
const FIRST_REST = 1_000
const LONGEST_REST = 30_000
/** What passes, yet not while anybody waits for it. */
const LASTING = new Set(['UPLOADS_EXHAUSTED', 'INSUFFICIENT_STORAGE'])
const PICTURES = /\.(jpe?g|png|webp|heic|heif)$/i

/** Why a file need not be sent at all; empty where it is for the API to judge. */
export function refusalOf(file: Pick<File, 'name' | 'size' | 'type'>, bounds: Bounds): string {
  const known = bounds.formats.includes(file.type) || (file.type === '' && PICTURES.test(file.name))
  if (!known) return 'PICTURE_FORMAT'
  if (file.size === 0) return 'PICTURE_EMPTY'
  return file.size > bounds.bytes ? 'PICTURE_TOO_LARGE' : ''
}

/**
 * The photos on their way to an order, a few at a time. What the network or a busy server breaks off is begun again
 * by itself, later and later, at once where the network comes back; the API keeps the same photo once, however often
 * it arrives.
 */
export class Uploads {
  #held: Held[] = []
  #shown: Upload[] = []
  #next = 1
  #watchers = new Set<() => void>()

  constructor(
    private readonly send: Send,
    private readonly bounds: Bounds,
    private readonly arrived: (order: Order) => void,
    /** How many more photos the order takes. */
    private readonly room: () => number,
  ) {}

  shown = (): Upload[] => this.#shown

  watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Whether something is still to be sent: leaving the page now would break it off. */
  get busy(): boolean {
    return this.#held.some((one) => one.stage !== 'failed')
  }

  add(files: readonly File[]): void {
    let left = this.room() - this.#held.filter((one) => one.stage !== 'failed').length
    for (const file of files) {
      const why = refusalOf(file, this.bounds) || (left > 0 ? '' : 'TOO_MANY_PHOTOS')
      if (!why) left -= 1
      this.#held.push(this.#heldOf(file, why))
    }
    this.#go()
  }

  /** Send one that failed once more. */
  retry(id: number): void {
    const found = this.#held.find((one) => one.id === id)
    if (!found) return
    clearTimeout(found.timer)
    Object.assign(found, { stage: 'waiting', share: 0, why: '', tries: 0, stop: new AbortController() })
    this.#go()
  }

  /** Take one back, wherever it is. */
  drop(id: number): void {
    const found = this.#held.find((one) => one.id === id)
    if (!found) return
    found.stop.abort()
    this.#forget(found)
    this.#go()
  }

  /** The network is back: whoever rests has rested. */
  wake = (): void => {
    for (const one of this.#held) if (one.stage === 'resting') this.#wait(one)
    this.#go()
  }

  #heldOf(file: File, why: string): Held {
    return {
      id: this.#next++,
      name: file.name,
      size: file.size,
      url: URL.createObjectURL(file),
      stage: why ? 'failed' : 'waiting',
      share: 0,
      why,
      again: false,
      file,
      tries: 0,
      stop: new AbortController(),
    }
  }

  #go(): void {
    const under = this.#held.filter((one) => one.stage === 'sending' || one.stage === 'checking').length
    const waiting = this.#held.filter((one) => one.stage === 'waiting').slice(0, Math.max(0, AT_ONCE - under))
    for (const one of waiting) void this.#sendOne(one)
    this.#say()
  }

  async #sendOne(one: Held): Promise<void> {
    one.stage = 'sending'
    try {
      const order = await this.send(one.file, (share) => this.#told(one, share), one.stop.signal)
      this.#forget(one)
      this.arrived(order)
    } catch (error) {
      if (!one.stop.signal.aborted) this.#failed(one, error)
    }
    this.#go()
  }

  #told(one: Held, share: number): void {
    one.share = share
    one.stage = share < 1 ? 'sending' : 'checking'
    this.#say()
  }

  #failed(one: Held, error: unknown): void {
    const problem = error instanceof Problem ? error : new Problem(500)
    one.why = problem.code || 'FAILED'
    one.again = problem.passing
    if (
      !problem.passing ||
      one.tries >= (problem.status === 0 ? MOST_TRIES_AWAY : MOST_TRIES) ||
      LASTING.has(problem.code)
    ) {
      one.stage = 'failed'
      return
    }
    one.stage = 'resting'
    const rest = Math.min(LONGEST_REST, FIRST_REST * 2 ** one.tries)
    one.tries += 1
    one.timer = setTimeout(
      () => {
        this.#wait(one)
        this.#go()
      },
      problem.retryAfter === null ? rest : problem.retryAfter * 1000,
    )
  }

  #wait(one: Held): void {
    clearTimeout(one.timer)
    Object.assign(one, { stage: 'waiting', share: 0, why: '' })
  }

  #forget(one: Held): void {
    clearTimeout(one.timer)
    URL.revokeObjectURL(one.url)
    this.#held = this.#held.filter((other) => other !== one)
  }

  #say(): void {
    this.#shown = this.#held.map(({ id, name, size, url, stage, share, why, again }) => ({
      id,
      name,
      size,
      url,
      stage,
      share,
      why,
      again,
    }))
    for (const watcher of this.#watchers) watcher()
  }
}
