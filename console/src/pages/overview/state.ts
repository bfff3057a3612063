export type State = 'ok' | 'degraded' | 'unavailable'

/** What the house does without for a while. */
const LESSER = ['jobs', 'redis', 'cache', 'disk', 'storage']

/** The state that is said of a part, be it as a word or in words. */
export function stateOf(name: string, said: string): State {
  if (said === 'ok') return 'ok'
  if (said.startsWith('degraded') || (LESSER.includes(name) && said !== 'unavailable')) return 'degraded'
  return 'unavailable'
}
