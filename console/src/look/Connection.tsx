import { Alert, Badge } from '@mantine/core'
import { onlineManager, useQueryClient } from '@tanstack/react-query'
import { Radio, WifiOff } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '~/api/problem'
import { useStanding } from '~/live/use'

/** Whether something that is shown was asked for in vain: pages that listen to nothing notice it by this alone. */
function useUnanswered(): boolean {
  const asked = useQueryClient().getQueryCache()
  return useSyncExternalStore(
    (told) => asked.subscribe(told),
    () =>
      asked.getAll().some((one) => {
        const why = one.state.fetchFailureReason
        return one.isActive() && why instanceof Problem && why.status === 0
      }),
  )
}

/** A banner while the server cannot be reached. Its place is announced when it fills. */
export function ConnectionBanner() {
  const { t } = useTranslation()
  const standing = useStanding()
  const online = useSyncExternalStore(
    (told) => onlineManager.subscribe(told),
    () => onlineManager.isOnline(),
  )
  const unanswered = useUnanswered()
  const away = standing === 'away' || !online || unanswered
  return (
    <div role="status" aria-live="polite">
      {away && (
        <Alert color="yellow" icon={<WifiOff aria-hidden />} mb="md" data-testid="connection-away">
          {t('connection.away')}
        </Alert>
      )}
    </div>
  )
}

/** Whether what is shown follows by itself what happens; nothing where nothing is there to be followed. */
export function LiveBadge() {
  const { t } = useTranslation()
  const standing = useStanding()
  const open = standing === 'open'
  if (standing === 'idle') return null
  return (
    <Badge
      variant={open ? 'light' : 'outline'}
      color={open ? 'teal' : 'gray'}
      c="var(--mantine-color-text)"
      leftSection={<Radio size={12} aria-hidden />}
      data-testid={open ? 'live' : 'not-live'}
    >
      {open ? t('connection.live') : t('connection.not_live')}
    </Badge>
  )
}
