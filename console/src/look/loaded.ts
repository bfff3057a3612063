import { type ComponentType, lazy } from 'react'
import { prefix } from '~/place'

const TRIED = 'esteio-reloaded'
const PAUSE = 60_000

interface Surroundings {
  answers(): Promise<boolean>
  reload(): void
  now(): number
}

/** Whether the server answers. */
export const answers = (): Promise<boolean> =>
  fetch(`${prefix}/livez`, { cache: 'no-store' }).then(
    (answer) => answer.ok,
    () => false,
  )

/** A part could not be had since nobody answers. */
export class Unanswered extends Error {}

const here: Surroundings = {
  answers,
  reload: () => window.location.reload(),
  now: () => Date.now(),
}

/**
 * A part of the pages. Where it cannot be had though the server answers, another release is there, with files of
 * other names: the page is loaded anew, once a minute at most. Raises `Unanswered` where nobody answers.
 */
export async function loaded<T>(load: () => Promise<T>, around: Surroundings = here): Promise<T> {
  try {
    return await load()
  } catch (failure) {
    const last = Number(sessionStorage.getItem(TRIED) ?? 0)
    if (!(await around.answers())) throw new Unanswered('nobody answers', { cause: failure })
    if (around.now() - last < PAUSE) throw failure
    sessionStorage.setItem(TRIED, String(around.now()))
    around.reload()
    return new Promise(() => {})
  }
}

/** A component that is loaded when it is first shown. */
export const part = <P>(load: () => Promise<{ default: ComponentType<P> }>) => lazy(() => loaded(load))
