import { useSearchParams } from 'react-router'

/** The address below the console to go on to; the start for whatever leads elsewhere. */
export function inside(next: string | null): string {
  return next && /^\/(?![/\\])/.test(next) && !next.startsWith('/sign-in') ? next : '/'
}

/** Where to go after signing in. */
export function useNext(): string {
  return inside(useSearchParams()[0].get('next'))
}
