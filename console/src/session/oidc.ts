import { InMemoryWebStorage, UserManager, WebStorageStateStore } from 'oidc-client-ts'
import { prefix } from '~/place'
import type { Holder } from './session'

/** Another issuer at which people sign in, as `/api/v2/auth/ways` describes it. */
export interface Issuer {
  name: string
  issuer: string
  client_id: string
  scopes: string[]
  parameters: Record<string, string>
}

/** What outlives a reload, in this tab alone. Never a refresh token: that is in memory. */
interface Kept {
  sign_in: string
  issuer: Issuer
  token: string
  /** Seconds since 1970. */
  until: number
}

const KEPT = 'esteio-issuer'
const GOING = 'esteio-issuer-going'
const MARGIN = 30
const ANSWER_WITHIN = 500

const users = new WebStorageStateStore({ store: new InMemoryWebStorage() })
const others = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(KEPT)
const now = () => Date.now() / 1000
let handed: string | null = null

function manager(issuer: Issuer): UserManager {
  return new UserManager({
    authority: issuer.issuer,
    client_id: issuer.client_id,
    redirect_uri: `${window.location.origin}${prefix}/console/signed-in`,
    scope: issuer.scopes.join(' '),
    extraQueryParams: issuer.parameters,
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
    userStore: users,
    automaticSilentRenew: false,
  })
}

/** Go to an issuer to sign in, and come back to `next`. `silently`: only where it knows already who this is. */
export async function go(issuer: Issuer, next: string, silently = false): Promise<void> {
  sessionStorage.setItem(GOING, JSON.stringify(issuer))
  await manager(issuer).signinRedirect({ state: { next, silently }, prompt: silently ? 'none' : undefined })
}

/** Where a way back would have gone on that did not succeed and that nobody had asked for; null for every other error. */
export function unasked(error: unknown): string | null {
  const state = (error as { state?: { next?: string; silently?: boolean } } | null)?.state
  if (!state?.silently) return null
  sessionStorage.removeItem(KEPT)
  return state.next ?? '/'
}

/** The issuer at which this tab's session has run out: it may know still who this is. */
export function lapsed(): Issuer | null {
  return own()?.issuer ?? null
}

/** The way back from an issuer: the tokens, and where to go on. Throws what the issuer said against it. */
export async function arrived(): Promise<{ tokens: { access_token: string; expires_in: number }; next: string }> {
  const going = sessionStorage.getItem(GOING)
  if (!going) throw new Error('nobody went')
  const issuer = JSON.parse(going) as Issuer
  const user = await manager(issuer).signinRedirectCallback()
  sessionStorage.removeItem(GOING)
  const sign_in = crypto.randomUUID()
  localStorage.setItem(KEPT, sign_in)
  const seconds = user.expires_in ?? 0
  keep({ sign_in, issuer, token: user.access_token, until: now() + seconds })
  const { next } = user.state as { next: string }
  return { tokens: { access_token: user.access_token, expires_in: seconds }, next }
}

/** A login at another issuer. Where its token has run out, only a refresh token in this tab's memory gives another. */
export const oidcHolder: Holder = {
  async renew() {
    const kept = own() ?? (await asked())
    if (!kept) return null
    // One that was handed out before and is asked for again was refused.
    if (kept.token === handed || kept.until - now() < MARGIN) return renewed(kept)
    keep(kept)
    return { token: kept.token, seconds: kept.until - now() }
  },
  async end() {
    localStorage.removeItem(KEPT)
    this.forget?.()
  },
  forget() {
    handed = null
    sessionStorage.removeItem(KEPT)
    void users.getAllKeys().then((keys) => Promise.all(keys.map((key) => users.remove(key))))
  },
}

async function renewed(kept: Kept): Promise<{ token: string; seconds: number } | null> {
  const using = manager(kept.issuer)
  if (!(await using.getUser())?.refresh_token) return null
  const user = await using.signinSilent().catch((error: unknown) => {
    if (error instanceof Error && error.name === 'ErrorResponse') return null
    throw error
  })
  if (!user) return null
  const seconds = user.expires_in ?? 0
  keep({ ...kept, token: user.access_token, until: now() + seconds })
  return { token: user.access_token, seconds }
}

function keep(kept: Kept): void {
  handed = kept.token
  sessionStorage.setItem(KEPT, JSON.stringify(kept))
}

/** What this tab keeps of the present sign-in, not of one that has ended since in another tab. */
function own(): Kept | null {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null') as Kept | null
  return kept && kept.sign_in === localStorage.getItem(KEPT) ? kept : null
}

/** What another tab keeps of it: one that was just opened has nothing of its own. */
function asked(): Promise<Kept | null> {
  if (!others) return Promise.resolve(null)
  return new Promise((resolve) => {
    const told = ({ data }: MessageEvent<Kept | 'who'>) => data !== 'who' && end(data)
    const timer = setTimeout(() => end(null), ANSWER_WITHIN)
    const end = (kept: Kept | null) => {
      clearTimeout(timer)
      others.removeEventListener('message', told)
      resolve(kept)
    }
    others.addEventListener('message', told)
    others.postMessage('who')
  })
}

others?.addEventListener('message', ({ data }) => {
  const kept = data === 'who' ? own() : null
  if (kept) others.postMessage(kept)
})
