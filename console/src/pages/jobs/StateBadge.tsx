import { Badge } from '@mantine/core'
import { Ban, CircleCheck, CircleX, Clock, LoaderCircle, type LucideIcon, RotateCcw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { State } from './task'
import { WORDS } from './words'

const SIGNS: Record<State, [string, LucideIcon]> = {
  queued: ['gray', Clock],
  running: ['cyan', LoaderCircle],
  retrying: ['yellow', RotateCcw],
  succeeded: ['teal', CircleCheck],
  failed: ['red', CircleX],
  cancelled: ['gray', Ban],
}

/** A task's state: a word, a sign and a colour. */
export function StateBadge({ state, size = 'md' }: { state: State; size?: 'md' | 'lg' }) {
  const { t } = useTranslation(WORDS)
  const [color, Sign] = SIGNS[state]
  return (
    <Badge
      variant="outline"
      color={color}
      c="inherit"
      tt="none"
      size={size}
      leftSection={<Sign size={size === 'lg' ? 16 : 13} aria-hidden color={`var(--mantine-color-${color}-text)`} />}
      data-testid="state"
      data-state={state}
    >
      {t(`state_${state}`)}
    </Badge>
  )
}
