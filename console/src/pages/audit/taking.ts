import { answer, api } from '~/api/client'
import { Problem } from '~/api/problem'
import type { components } from '~/api/schema'
import type { AuditQuery } from './filters'

type Entry = components['schemas']['AuditView']

export const MOST = 10_000
const A_PAGE = 100

interface Taken {
  entries: Entry[]
  /** Whether there was more than is taken at once. */
  more: boolean
}

interface Page {
  data: Entry[]
  next: string | null
}

export type Read = (cursor: string | undefined, signal: AbortSignal) => Promise<Page>

/** Reads pages of the audit log that fit the query. */
export function reader(query: AuditQuery): Read {
  return async (cursor, signal) => {
    const asked = { ...query, cursor, limit: A_PAGE }
    const { data, meta } = await answer(api.GET('/api/v2/audit', { params: { query: asked }, signal }))
    return { data, next: meta.pagination?.next ?? null }
  }
}

/**
 * Everything that fits, page after page, at most ten thousand entries. Where the API asks to wait, it waits and goes on;
 * any other refusal is thrown. `told` hears after each page how many there are.
 */
export async function take(
  read: Read,
  signal: AbortSignal,
  told: (count: number) => void,
  wait: (seconds: number, signal: AbortSignal) => Promise<void> = pause,
): Promise<Taken> {
  const entries: Entry[] = []
  let cursor: string | null = null
  do {
    const page: Page = await patiently(() => read(cursor ?? undefined, signal), signal, wait)
    entries.push(...page.data)
    cursor = page.next
    told(Math.min(entries.length, MOST))
  } while (cursor && entries.length < MOST)
  return { entries: entries.slice(0, MOST), more: cursor !== null || entries.length > MOST }
}

async function patiently<T>(
  ask: () => Promise<T>,
  signal: AbortSignal,
  wait: (seconds: number, signal: AbortSignal) => Promise<void>,
): Promise<T> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 429 || signal.aborted) throw error
      await wait(error.retryAfter ?? 1, signal)
    }
  }
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    const timer = setTimeout(done, seconds * 1000)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      failed(signal.reason)
    })
  })
}
