import { describe, expect, it, vi } from 'vitest'
import { Problem } from '~/api/problem'
import { cell, HEAD, lines } from './csv'
import { instant, queryOf } from './filters'
import { MOST, type Read, take } from './taking'

const entry = (action: string) => ({
  id: '1',
  at: '2026-01-01T00:00:00Z',
  actor: 'user:1',
  actor_label: 'ana@example.org',
  action,
  subject: 'key:2',
  subject_label: null,
  outcome: 'done' as const,
  details: { name: 'a "b", c' },
  address: null,
  request_id: 'r',
  trace_id: null,
})
const some = (count: number) => Array.from({ length: count }, () => entry('key.created'))
const never = new AbortController().signal

describe('a file of the audit log', () => {
  it('has a line an entry, and cells that are read as they were written', () => {
    expect(HEAD).toBe(
      'at,action,outcome,actor,actor_label,subject,subject_label,details,address,request_id,trace_id,id\r\n',
    )
    expect(lines([entry('key.created')])).toBe(
      '2026-01-01T00:00:00Z,key.created,done,user:1,ana@example.org,key:2,,"{""name"":""a \\""b\\"", c""}",,r,,1\r\n',
    )
  })

  it('has no formula in it', () => {
    expect(['=1+1', '+1', '-1', '@x', '\t=1', ' =1', 'a=1'].map(cell)).toEqual([
      "'=1+1",
      "'+1",
      "'-1",
      "'@x",
      "'\t=1",
      "' =1",
      'a=1',
    ])
    expect(cell('a\nb')).toBe('"a\nb"')
  })
})

describe('taking entries along', () => {
  it('goes from page to page and tells how far it is', async () => {
    const read = vi.fn<Read>(async (cursor) =>
      cursor ? { data: some(3), next: null } : { data: some(100), next: 'x' },
    )
    const told = vi.fn()
    const { entries, more } = await take(read, never, told)
    expect([entries.length, more]).toEqual([103, false])
    expect(told.mock.calls).toEqual([[100], [103]])
    expect(read.mock.calls.map(([cursor]) => cursor)).toEqual([undefined, 'x'])
  })

  it('ends at ten thousand and says that there is more', async () => {
    const read = vi.fn<Read>(async () => ({ data: some(100), next: 'x' }))
    const { entries, more } = await take(read, never, () => {})
    expect([entries.length, more, read.mock.calls.length]).toEqual([MOST, true, MOST / 100])
  })

  it('waits as long as the API asks, and goes on', async () => {
    const read = vi
      .fn<Read>()
      .mockRejectedValueOnce(new Problem(429, {}, 7))
      .mockResolvedValueOnce({ data: some(2), next: null })
    const wait = vi.fn(async () => {})
    expect((await take(read, never, () => {}, wait)).entries).toHaveLength(2)
    expect(wait).toHaveBeenCalledWith(7, never)
  })

  it('ends with any other refusal', async () => {
    const read: Read = async () => {
      throw new Problem(403)
    }
    await expect(take(read, never, () => {})).rejects.toMatchObject({ status: 403 })
  })
})

describe('what the address asks for', () => {
  it('is sent as the API reads it, and nothing of what is none', () => {
    const said: Record<string, string> = { action: 'key.*', outcome: 'maybe', since: 'yesterday', until: '' }
    const query = queryOf((name) => said[name] ?? '')
    expect(JSON.parse(JSON.stringify(query))).toEqual({ action: 'key.*' })
    expect(instant('2026-01-01T00:00')).toMatch(/^202[56]-\d\d-\d\dT\d\d:00:00.000Z$/)
  })
})
