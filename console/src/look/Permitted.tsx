import { Alert } from '@mantine/core'
import { Lock } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useMay, usePermissions } from '~/session/use'
import { Failure } from './Failure'
import { Outline } from './Shown'

/** What is for those alone who hold the permission; others are told so, and whom to ask. */
export function Permitted({ permission, children }: { permission: string; children: ReactNode }) {
  const { t } = useTranslation()
  const may = useMay()
  const { data, error, refetch } = usePermissions()
  if (may(permission)) return children
  if (error && !data) return <Failure error={error} again={() => void refetch()} />
  if (!data) return <Outline />
  return (
    <Alert color="gray" icon={<Lock aria-hidden />} title={t('not_permitted.title')}>
      {t('not_permitted.text', { permission })}
    </Alert>
  )
}
