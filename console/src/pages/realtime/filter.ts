import type { Entry } from './inspection'

/** The entries in which the text occurs anywhere, whatever its case; facts alone where that is asked. */
export function filtered(entries: Entry[], text: string, factsOnly: boolean): Entry[] {
  const sought = text.trim().toLowerCase()
  return entries.filter(
    ({ told }) =>
      (!factsOnly || told.type === 'event') && (!sought || JSON.stringify(told).toLowerCase().includes(sought)),
  )
}

/** The names of channels to choose from; one for each subject ends where its subject begins. */
export function offered(names: readonly string[]): string[] {
  return names.map((name) => name.replace('{id}', ''))
}

const CHANNEL = /^[a-z0-9_]+(\.[A-Za-z0-9_-]{1,100})?$/

/** Whether a text can be the name of a channel; the API says whether there is one. */
export const isChannel = (text: string): boolean => CHANNEL.test(text)
