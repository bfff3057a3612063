import type { Delivery } from './queries'

const EACH = 10_000
const SOON = 1_000

/**
 * Milliseconds until a delivery is looked at again, false where nothing is to become of it: a moment after its next
 * attempt is due, which is when there is something to see, and each ten seconds otherwise.
 */
export function lookAgain({ state, next_at }: Pick<Delivery, 'state' | 'next_at'>, now: number): number | false {
  if (state !== 'pending') return false
  const due = next_at ? new Date(next_at).getTime() - now : 0
  return due < -EACH ? EACH : Math.min(EACH, Math.max(0, due) + SOON)
}
