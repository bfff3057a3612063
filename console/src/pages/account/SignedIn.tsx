import { Alert, Anchor, Loader } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import { answer, api } from '~/api/client'
import { Problem } from '~/api/problem'
import { loaded } from '~/look/loaded'
import { session } from '~/session/session'
import { Entrance } from './Entrance'
import { inside } from './next'
import { WORDS } from './words'

/** The way back from another issuer. */
export default function SignedIn() {
  const { t } = useTranslation(WORDS)
  const go = useNavigate()
  const [why, setWhy] = useState<string | null>(null)

  useEffect(() => {
    entered().then(
      ({ to, expired }) => go(to, { replace: true, state: { expired } }),
      (error) => setWhy(cause(error)),
    )
  }, [go])

  if (why === null) {
    return (
      <Entrance title={t('signing_in')}>
        <Loader aria-label={t('loading', { ns: 'common' })} />
      </Entrance>
    )
  }
  return (
    <Entrance title={t('sign_in_failed')}>
      <Alert color="red" variant="light" role="alert">
        {t(why)}
      </Alert>
      <Anchor component={Link} to="/sign-in" underline="always">
        {t('back_to_sign_in')}
      </Anchor>
    </Entrance>
  )
}

interface Onward {
  to: string
  expired?: boolean
}

let entering: Promise<Onward> | null = null

/** An answer of an issuer is good once, however often this page is drawn. */
function entered(): Promise<Onward> {
  entering ??= enter().finally(() => {
    entering = null
  })
  return entering
}

async function enter(): Promise<Onward> {
  const { arrived, unasked } = await loaded(() => import('~/session/oidc'))
  try {
    const { tokens, next } = await arrived()
    await session.enter('oidc', tokens)
    await believed()
    return { to: inside(next) }
  } catch (error) {
    const next = unasked(error)
    if (next === null) throw error
    // The issuer does not know any more who this is: the person has to say it themselves.
    return { to: `/sign-in?next=${encodeURIComponent(inside(next))}`, expired: true }
  }
}

/** What an issuer says of somebody need not be enough here: its token may be for others, its people for no tenant. */
async function believed(): Promise<void> {
  try {
    await answer(api.GET('/api/v2/auth/me'))
  } catch (error) {
    if (error instanceof Problem && (error.status === 401 || error.status === 403)) await session.leave()
    throw error
  }
}

function cause(error: unknown): string {
  if (error instanceof Problem) return error.status === 0 ? 'failure.offline' : 'sign_in_unbelieved'
  return (error as { error?: string }).error === 'access_denied' ? 'sign_in_refused' : 'sign_in_lost'
}
