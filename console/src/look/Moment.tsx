import { moment, since } from '~/words/formats'

/** A moment (ISO 8601): how long ago, and exactly when as its title; a dash where there is none. */
export function Moment({ at, exact = false }: { at: string | null | undefined; exact?: boolean }) {
  if (!at) return <>–</>
  return (
    <time dateTime={at} title={moment(at)}>
      {exact ? moment(at) : since(at)}
    </time>
  )
}
