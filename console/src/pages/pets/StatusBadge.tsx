import { Badge } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Status } from './queries'

const COLOURS: Record<Status, string> = {
  active: 'teal',
  fed: 'teal',
  hungry: 'orange',
  sick: 'red',
  in_treatment: 'yellow',
  adopted: 'cyan',
  lost: 'red',
  deceased: 'gray',
}

export function StatusBadge({ status }: { status: Status | null | undefined }) {
  const { t } = useTranslation('pets')
  if (!status) return null
  return (
    <Badge variant="outline" color={COLOURS[status]} c="inherit" tt="none">
      {t(`status_${status}`)}
    </Badge>
  )
}
