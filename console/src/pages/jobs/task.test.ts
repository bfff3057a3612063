import { describe, expect, it } from 'vitest'
import type { Fact } from '~/live/live'
import { followed, percent, type State, type Task, unsaid } from './task'

function task(state: State, done: number | null = null, total: number | null = null): Task {
  return {
    id: 'a',
    type: 'pets.export',
    state,
    progress: { done, total, unit: 'rows', message: null },
    attempts: 1,
    next_attempt_at: null,
    cancel_requested: false,
    result: null,
    error: null,
    created_by: 'user:1',
    created_at: '2026-01-01T00:00:00Z',
    started_at: null,
    finished_at: null,
  }
}

function fact(state: State, done: number | null = null, id = 'a'): Fact {
  const data = {
    id,
    type: 'pets.export',
    state,
    attempts: 1,
    progress: { done, total: 10, message: null },
    error: null,
  }
  return {
    channel: `tasks.${id}`,
    position: 'e:1',
    event: `task.${state}`,
    id: 'f',
    subject: id,
    occurred_at: '2026-01-01T00:00:09Z',
    data,
  }
}

describe('how far a task is', () => {
  it('is counted in whole per cent, never more than all and never all before its end', () => {
    expect(percent(task('running', 999, 1000))).toBe(99)
    expect(percent(task('running', 12, 10))).toBe(100)
    expect(percent(task('succeeded', 3, 4))).toBe(100)
  })

  it('is unknown where nobody said how much there is', () => {
    expect(percent(task('running', 5))).toBeNull()
    expect(percent(task('queued'))).toBeNull()
    expect(percent(task('running', 0, 0))).toBe(0)
  })
})

describe('following a task', () => {
  it('takes over what is told and keeps what is not', () => {
    const after = followed(task('queued'), fact('running', 4))
    expect(after).toMatchObject({ state: 'running', started_at: '2026-01-01T00:00:09Z', finished_at: null })
    expect(after.progress).toEqual({ done: 4, total: 10, unit: 'rows', message: null })
    expect(followed(after, fact('succeeded', 10)).finished_at).toBe('2026-01-01T00:00:09Z')
  })

  it('leaves alone what is another task, and what has ended', () => {
    expect(followed(task('running', 1), fact('running', 2, 'b')).progress.done).toBe(1)
    expect(followed(task('succeeded', 10), fact('running', 9)).state).toBe('succeeded')
  })

  it('reads anew at an end, at a change of state and after a new beginning, and not for each step', () => {
    expect(unsaid(task('running', 1), fact('running', 2))).toBe(false)
    expect(unsaid(task('running', 1), fact('succeeded', 10))).toBe(true)
    expect(unsaid(task('queued'), fact('running', 0))).toBe(true)
    expect(unsaid(task('failed'), fact('running', 0))).toBe(true)
    expect(unsaid(undefined, fact('running', 0))).toBe(true)
  })
})
