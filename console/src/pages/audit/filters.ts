import type { operations } from '~/api/schema'

export type AuditQuery = NonNullable<operations['read_audit_api_v2_audit_get']['parameters']['query']>

export const TEXTS = ['action', 'actor', 'subject', 'request_id'] as const
export const TIMES = ['since', 'until'] as const

/** The instant that a field of local time names, as the API reads it; nothing where it names none. */
export function instant(local: string): string | undefined {
  const at = new Date(local)
  return local && !Number.isNaN(at.getTime()) ? at.toISOString() : undefined
}

/** What the address asks for, as the API reads it. */
export function queryOf(get: (name: string) => string): AuditQuery {
  const query: AuditQuery = {}
  for (const name of TEXTS) if (get(name)) query[name] = get(name)
  for (const name of TIMES) query[name] = instant(get(name))
  const outcome = get('outcome')
  if (outcome === 'done' || outcome === 'refused') query.outcome = outcome
  return query
}
