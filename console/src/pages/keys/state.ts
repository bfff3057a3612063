export type State = 'in_use' | 'expiring' | 'expired' | 'disabled' | 'revoked'

interface Kept {
  enabled: boolean
  revoked_at: string | null
  expires_at?: string | null
}

const SOON = 7 * 86_400_000

/** How a key or client stands: whether it opens anything, and whether it will not for long. */
export function stateOf({ enabled, revoked_at, expires_at }: Kept, now: number = Date.now()): State {
  if (revoked_at) return 'revoked'
  const left = expires_at ? new Date(expires_at).getTime() - now : Number.POSITIVE_INFINITY
  if (left <= 0) return 'expired'
  if (!enabled) return 'disabled'
  return left <= SOON ? 'expiring' : 'in_use'
}

const two = (value: number) => String(value).padStart(2, '0')

/** A moment as a field for date and time shows it, in the reader's time zone; empty for none. */
export function toField(at: string | null): string {
  if (!at) return ''
  const moment = new Date(at)
  const date = [moment.getFullYear(), two(moment.getMonth() + 1), two(moment.getDate())].join('-')
  return `${date}T${two(moment.getHours())}:${two(moment.getMinutes())}`
}

/** What such a field holds as a moment (ISO 8601, UTC); none for what is empty or no moment. */
export function fromField(text: string): string | null {
  const moment = new Date(text)
  return text && Number.isFinite(moment.getTime()) ? moment.toISOString() : null
}
