import { useQuery } from '@tanstack/react-query'
import { Fragment, type ReactNode } from 'react'
import { Shown } from './Shown'

interface Found<T> {
  data: T
  etag: string
  /** Read it anew: after a 412 somebody else's change is shown and what was typed is gone. */
  again: () => void
}

interface Props<T> {
  queryKey: unknown[]
  read: () => Promise<{ body: { data: T }; etag: string }>
  children: (found: Found<T>) => ReactNode
}

/**
 * One thing that is about to be changed, with the tag that `If-Match` needs. It is read when this is shown and not again
 * by itself: a form changes under nobody's hands.
 */
export function Tagged<T>({ queryKey, read, children }: Props<T>) {
  const query = useQuery({
    queryKey: [...queryKey, 'tagged'],
    queryFn: read,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  return (
    <Shown of={query}>
      {({ body, etag }) => (
        <Fragment key={etag + query.dataUpdatedAt}>
          {children({ data: body.data, etag, again: () => void query.refetch() })}
        </Fragment>
      )}
    </Shown>
  )
}
