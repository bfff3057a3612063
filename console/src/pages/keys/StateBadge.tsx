import { Badge } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { type State, stateOf } from './state'

const COLORS: Record<State, string> = {
  in_use: 'teal',
  expiring: 'yellow',
  expired: 'red',
  disabled: 'gray',
  revoked: 'red',
}

export function StateBadge({ of }: { of: Parameters<typeof stateOf>[0] }) {
  const { t } = useTranslation('keys')
  const state = stateOf(of)
  return (
    <Badge variant="default" styles={{ root: { borderColor: `var(--mantine-color-${COLORS[state]}-6)` } }}>
      {t(`states.${state}`)}
    </Badge>
  )
}
