import { offline, Problem, problemOf } from '~/api/problem'
import { loaded } from '~/look/loaded'
import { prefix } from '~/place'
import { language } from '~/words/words'

/** Whence access tokens come. */
export interface Holder {
  /** A new access token and for how many seconds it is good; null where the session is over. */
  renew(): Promise<{ token: string; seconds: number } | null>
  /** End the session at its source. */
  end(): Promise<void>
  /** Let go of all that this tab keeps of it: it was ended elsewhere. */
  forget?(): void
}

export type State = 'starting' | 'out' | 'in'
export type Reason = 'never' | 'left' | 'expired'

export interface Snapshot {
  state: State
  /** Why nobody is signed in. */
  reason: Reason
}

/** Seconds before its end at which a token is renewed rather than sent. */
const MARGIN = 30
const HINT = 'esteio-session'
const LEAVING = 'esteio-leaving'
/** That this browser has a session's cookie, which no script sees. */
const COOKIE = 'esteio-cookie'

interface Tokens {
  access_token: string
  expires_in: number
}

/** POST to one of the routes of sign-in, with the session's cookie. Throws `Problem`. */
export async function askDoor<T>(path: string, body?: unknown, token?: string | null): Promise<T> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json', 'Accept-Language': language() }
  if (token) headers.Authorization = `Bearer ${token}`
  let answer: Response
  try {
    answer = await fetch(`${prefix}${path}`, {
      method: 'POST',
      credentials: 'same-origin',
      keepalive: path === '/auth/logout', // also when the page is closed right after
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  } catch {
    throw offline()
  }
  if (!answer.ok) throw await problemOf(answer)
  return answer.status === 204 ? (undefined as T) : answer.json()
}

const refused = (error: unknown) => error instanceof Problem && error.status === 401

/** A login by password: its refresh token is in a cookie that no script can read. */
export const cookieHolder: Holder = {
  async renew() {
    try {
      const { access_token, expires_in } = await askDoor<Tokens>('/auth/refresh', {})
      return { token: access_token, seconds: expires_in }
    } catch (error) {
      if (refused(error)) return null
      throw error
    }
  },
  async end() {
    try {
      await askDoor('/auth/logout', {})
    } catch (error) {
      if (!refused(error)) throw error // else it has ended already
    }
  },
}

/**
 * Who is signed in here, in this tab and all others. The access token lives in this object alone; a reload asks for
 * a new one. `holders` by the name under which a browser remembers which of them it used.
 */
export class Session {
  #snapshot: Snapshot = { state: 'starting', reason: 'never' }
  #make: (() => Promise<Holder>) | null = null
  #holder: Holder | null = null
  #name = ''
  #token: string | null = null
  #until = 0
  #renewing: Promise<string | null> | null = null
  #listeners = new Set<() => void>()
  #others: BroadcastChannel | null = null

  constructor(
    private readonly holders: Record<string, () => Promise<Holder>>,
    private readonly now: () => number = () => Date.now() / 1000,
  ) {}

  get isIn(): boolean {
    return this.#snapshot.state === 'in'
  }

  snapshot = (): Snapshot => this.#snapshot

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Take up the session that this browser had. Asks nobody where it had none. */
  async start(): Promise<void> {
    this.#listen()
    await this.#left()
    const name = localStorage.getItem(HINT)
    const make = name ? this.holders[name] : undefined
    if (!make) return this.#become('out', 'never')
    this.#name = name ?? ''
    this.#make = make
    try {
      await this.renewed()
    } catch {
      // Nobody answers: the page says so and the first request that is answered decides.
      if (this.#snapshot.state === 'starting') this.#become('in', 'never')
    }
  }

  /** Somebody has signed in by the holder of this name. */
  async enter(name: string, tokens: Tokens): Promise<void> {
    const make = this.holders[name]
    if (!make) throw new Error(`no way of signing in is called ${name}`)
    this.#name = name
    this.#make = make
    this.#holder = await make()
    this.#keep(tokens.access_token, tokens.expires_in)
    localStorage.setItem(HINT, name)
    localStorage.removeItem(LEAVING)
    if (name === 'cookie') localStorage.setItem(COOKIE, 'yes')
    this.#become('in', 'never')
    this.#others?.postMessage('changed')
  }

  /** The token to send, renewed where its end is near; null where nobody is signed in. */
  async token(): Promise<string | null> {
    if (this.#snapshot.state !== 'in') return null
    return this.#token && this.now() < this.#until - MARGIN ? this.#token : this.renewed()
  }

  /** A new token. Tabs take turns, since a refresh token is good once; null: the session is over. */
  renewed(): Promise<string | null> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null
    })
    return this.#renewing
  }

  /** Sign out, here and in all tabs. */
  async leave(): Promise<void> {
    const holder = await this.#held().catch(() => null)
    if (localStorage.getItem(COOKIE)) localStorage.setItem(LEAVING, 'yes')
    this.ended()
    if (this.#name !== 'cookie') await holder?.end().catch(() => {})
    await this.#left()
  }

  /**
   * End the cookie's session too, whoever signed in last: it would outlive a sign-out that nobody heard of. Where
   * nobody answers it is ended when somebody does, before anything else is asked. Tabs take turns: what one has ended
   * the next need not.
   */
  async #left(): Promise<void> {
    if (!localStorage.getItem(LEAVING)) return
    const end = () => this.#endCookie()
    await (navigator.locks ? navigator.locks.request(LEAVING, end) : end())
  }

  async #endCookie(): Promise<void> {
    if (!localStorage.getItem(LEAVING)) return
    const cookie = this.holders.cookie
    try {
      await (await cookie?.())?.end()
      for (const mark of [LEAVING, COOKIE]) localStorage.removeItem(mark)
    } catch {
      window.addEventListener('online', () => void this.#left(), { once: true })
    }
  }

  /** The session was ended at its source on request: forget it, here and in all tabs. */
  ended(): void {
    this.#forget('left')
    this.#others?.postMessage('left')
  }

  async #renew(): Promise<string | null> {
    const holder = await this.#held()
    if (!holder) return null
    const renewal = navigator.locks ? await navigator.locks.request(HINT, () => holder.renew()) : await holder.renew()
    if (renewal === null) {
      this.#forget('expired')
      return null
    }
    this.#keep(renewal.token, renewal.seconds)
    if (this.#snapshot.state !== 'in') this.#become('in', 'never')
    return renewal.token
  }

  /** What holds the session. What it is made of may have to be loaded, which is tried again where it failed. */
  async #held(): Promise<Holder | null> {
    const make = this.#make
    if (!this.#holder && make) {
      const made = await make()
      if (this.#make === make) this.#holder = made
    }
    return this.#holder
  }

  #keep(token: string, seconds: number): void {
    this.#token = token
    this.#until = this.now() + seconds
  }

  #forget(reason: Reason): void {
    if (reason === 'left') this.#holder?.forget?.()
    this.#make = null
    this.#holder = null
    this.#token = null
    localStorage.removeItem(HINT)
    this.#become('out', reason)
  }

  #listen(): void {
    if (this.#others || typeof BroadcastChannel === 'undefined') return
    this.#others = new BroadcastChannel(HINT)
    this.#others.onmessage = ({ data }) => {
      if (data === 'left' && this.isIn) this.#forget('left')
      if (data === 'changed') window.location.reload()
    }
  }

  #become(state: State, reason: Reason): void {
    this.#snapshot = { state, reason }
    for (const listener of this.#listeners) listener()
  }
}

export const session = new Session({
  cookie: async () => cookieHolder,
  oidc: async () => (await loaded(() => import('./oidc'))).oidcHolder,
})
