import type { components } from '~/api/schema'
import type { Fact } from '~/live/live'

export type Task = components['schemas']['TaskView']
export type State = Task['state']

export const STATES: State[] = ['queued', 'running', 'retrying', 'succeeded', 'failed', 'cancelled']

/** Whether something is still to become of it. */
export const lives = (state: State): boolean => state === 'queued' || state === 'running' || state === 'retrying'

/** How far a task is, from 0 to 100; null where nobody knows how much there is. */
export function percent({ state, progress: { done, total } }: Pick<Task, 'state' | 'progress'>): number | null {
  if (state === 'succeeded') return 100
  if (done === null || total === null) return null
  if (total <= 0) return 0
  return Math.min(100, Math.max(0, Math.floor((done / total) * 100)))
}

/**
 * The task as a fact tells that it has become. What has ended stays so: a fact that says otherwise is older than what was
 * read, or the task was begun anew, which reading it shows.
 */
export function followed(task: Task, fact: Fact): Task {
  const told = fact.data as unknown as Pick<Task, 'id' | 'state' | 'attempts' | 'error' | 'progress'>
  if (told.id !== task.id || !lives(task.state)) return task
  return {
    ...task,
    state: told.state,
    attempts: told.attempts,
    error: told.error ?? (told.state === 'running' ? task.error : null),
    next_attempt_at: told.state === 'retrying' ? task.next_attempt_at : null,
    progress: { ...task.progress, ...told.progress },
    started_at: task.started_at ?? fact.occurred_at,
    finished_at: lives(told.state) ? null : fact.occurred_at,
  }
}

/** Whether the task has to be read for what a fact of it does not tell: links, times, a new beginning. */
export function unsaid(task: Task | undefined, fact: Fact): boolean {
  return !task || !lives(task.state) || !lives(fact.data.state as State) || fact.data.state !== task.state
}
