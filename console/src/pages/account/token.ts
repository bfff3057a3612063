import { useLocation } from 'react-router'

/** The token of the mail whose link led here: in the fragment, which no browser sends to a server. */
export function useMailedToken(): string {
  const { hash } = useLocation()
  return new URLSearchParams(hash.slice(1)).get('token') ?? ''
}
