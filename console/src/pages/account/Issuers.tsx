import { Button, Divider, Stack } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '~/api/problem'
import { Failure } from '~/look/Failure'
import { loaded } from '~/look/loaded'
import type { Issuer } from '~/session/oidc'
import { WORDS } from './words'

/** A button for each issuer. One at which a session has just run out is asked once whether it knows still who this is. */
export function Issuers({ issuers, next, expired }: { issuers: Issuer[]; next: string; expired: boolean }) {
  const { t } = useTranslation(WORDS)
  const [error, setError] = useState<unknown>(null)

  useEffect(() => {
    if (expired) void again(next)
  }, [expired, next])

  async function leave(issuer: Issuer): Promise<void> {
    setError(null)
    try {
      await (await loaded(() => import('~/session/oidc'))).go(issuer, next)
    } catch {
      setError(new Problem(503, { detail: t('sign_in_away', { name: issuer.name }) }))
    }
  }

  return (
    <Stack>
      <Divider label={t('or')} />
      {error !== null && <Failure error={error} />}
      {issuers.map((issuer) => (
        <Button key={issuer.issuer} variant="default" onClick={() => void leave(issuer)}>
          {t('sign_in_at', { name: issuer.name })}
        </Button>
      ))}
    </Stack>
  )
}

async function again(next: string): Promise<void> {
  if (sessionStorage.getItem('esteio-issuer') === null) return
  const { go, lapsed } = await loaded(() => import('~/session/oidc'))
  const issuer = lapsed()
  // Where it cannot be reached there is its button.
  if (issuer) await go(issuer, next, true).catch(() => {})
}
