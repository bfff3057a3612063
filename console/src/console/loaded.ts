import { prefix } from '~/place'

const TRIED = 'esteio-reloaded'
const PAUSE = 60_000

interface Surroundings {
  answers(): Promise<boolean>
  reload(): void
  now(): number
}

const here: Surroundings = {
  answers: () =>
    fetch(`${prefix}/livez`, { cache: 'no-store' }).then(
      (answer) => answer.ok,
      () => false,
    ),
  reload: () => window.location.reload(),
  now: () => Date.now(),
}

/**
 * A part of the console. Where it cannot be had though the server answers, another release is there, with files of
 * other names: the page is loaded anew, once a minute at most. Else the failure is passed on.
 */
export async function loaded<T>(load: () => Promise<T>, around: Surroundings = here): Promise<T> {
  try {
    return await load()
  } catch (failure) {
    const last = Number(sessionStorage.getItem(TRIED) ?? 0)
    if (around.now() - last < PAUSE || !(await around.answers())) throw failure
    sessionStorage.setItem(TRIED, String(around.now()))
    around.reload()
    return new Promise(() => {})
  }
}
