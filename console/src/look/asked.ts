import { useSearchParams } from 'react-router'

export interface Asked {
  /** What the address says of a name; empty where it says nothing. */
  get: (name: string) => string
  /** Say it in the address; what is empty goes. Other filters than the page begin at the first page again. */
  put: (changes: Record<string, string | null>) => void
  page: number
}

/** The page's number that a text names; 1 for what is none. */
export function pageOf(text: string | null): number {
  const number = Number(text)
  return Number.isInteger(number) && number >= 1 && number <= 100_000 ? number : 1
}

/** The address after these changes to what it asks for. */
export function changed(before: URLSearchParams, changes: Record<string, string | null>): URLSearchParams {
  const after = new URLSearchParams(before)
  for (const name of ['page', 'cursor']) if (!(name in changes)) after.delete(name)
  for (const [name, value] of Object.entries(changes)) {
    if (value) after.set(name, value)
    else after.delete(name)
  }
  return after
}

/** Filters and page of a list, kept in the address, so that a list can be linked, gone back to and reloaded. */
export function useAsked(): Asked {
  const [params, setParams] = useSearchParams()
  // What the address says now: what was rendered last may be older, where one change follows another.
  const now = () => new URLSearchParams(window.location.search)
  return {
    get: (name) => params.get(name) ?? '',
    put: (changes) => setParams(changed(now(), changes), { replace: true }),
    page: pageOf(params.get('page')),
  }
}
