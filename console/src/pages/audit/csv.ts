import type { components } from '~/api/schema'

type Entry = components['schemas']['AuditView']

const COLUMNS = [
  'at',
  'action',
  'outcome',
  'actor',
  'actor_label',
  'subject',
  'subject_label',
  'details',
  'address',
  'request_id',
  'trace_id',
  'id',
] as const

/**
 * A cell (RFC 4180). What spreadsheets would take for a formula is made a text: entries hold what strangers have sent.
 */
export function cell(value: unknown): string {
  const plain = value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  const text = /^[\s]*[=+\-@\t\r]/.test(plain) ? `'${plain}` : plain
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export const HEAD = `${COLUMNS.join(',')}\r\n`

export function lines(entries: Entry[]): string {
  return entries.map((entry) => `${COLUMNS.map((name) => cell(entry[name])).join(',')}\r\n`).join('')
}
