import { Badge } from '@mantine/core'
import { CircleCheck, CircleX, Clock, type LucideIcon, Pause, TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Delivery, Endpoint } from './queries'
import { WORDS } from './words'

function Sign({ color, Icon, words, state }: { color: string; Icon: LucideIcon; words: string; state: string }) {
  return (
    <Badge
      variant="outline"
      color={color}
      c="inherit"
      tt="none"
      leftSection={<Icon size={13} aria-hidden color={`var(--mantine-color-${color}-text)`} />}
      data-testid="state"
      data-state={state}
    >
      {words}
    </Badge>
  )
}

const DELIVERY: Record<Delivery['state'], [string, LucideIcon]> = {
  pending: ['gray', Clock],
  delivered: ['teal', CircleCheck],
  failed: ['red', CircleX],
}

/** How a delivery stands. One that failed before and is tried again says so. */
export function DeliverySign({ delivery: { state, attempts } }: { delivery: Delivery }) {
  const { t } = useTranslation(WORDS)
  const [color, Icon] = DELIVERY[state]
  const again = state === 'pending' && attempts > 0
  return (
    <Sign
      color={again ? 'yellow' : color}
      Icon={again ? TriangleAlert : Icon}
      words={t(again ? 'state_again' : `state_${state}`)}
      state={state}
    />
  )
}

/** Whether an endpoint is told anything, and whether it takes it. */
export function EndpointSign({ endpoint: { enabled, disabled_reason, failing_since } }: { endpoint: Endpoint }) {
  const { t } = useTranslation(WORDS)
  if (!enabled && disabled_reason && disabled_reason !== 'owner')
    return <Sign color="red" Icon={CircleX} words={t(`disabled_${disabled_reason}`)} state="disabled" />
  if (!enabled) return <Sign color="gray" Icon={Pause} words={t('disabled_owner')} state="disabled" />
  if (failing_since) return <Sign color="yellow" Icon={TriangleAlert} words={t('failing')} state="failing" />
  return <Sign color="teal" Icon={CircleCheck} words={t('enabled')} state="enabled" />
}
