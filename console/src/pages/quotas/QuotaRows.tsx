import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { components } from '~/api/schema'
import { Bar } from '~/look/Bar'
import { Moment } from '~/look/Moment'
import { type Column, Rows } from '~/look/Rows'
import { amount, shareOf } from './amounts'
import { WORDS } from './words'

export type Quota = components['schemas']['QuotaView']

interface Props {
  caption: string
  quotas: Quota[]
  /** What can be done with each. */
  acts?: (quota: Quota) => ReactNode
}

export function QuotaRows({ caption, quotas, acts }: Props) {
  const { t } = useTranslation(WORDS)
  const columns: Column<Quota>[] = [
    {
      key: 'name',
      head: t('quota'),
      cell: (quota) => (
        <>
          {quota.name}
          <Text size="sm" c="dimmed" fw={400}>
            {quota.description}
          </Text>
        </>
      ),
    },
    { key: 'used', head: t('used'), align: 'right', cell: (quota) => amount(quota.used, quota.unit) },
    {
      key: 'limit',
      head: t('limit'),
      align: 'right',
      cell: (quota) => (quota.limit === null ? t('unbounded') : amount(quota.limit, quota.unit)),
    },
    {
      key: 'share',
      head: t('share'),
      cell: (quota) => {
        const share = shareOf(quota)
        return share === null ? '–' : <Bar share={share} label={t('used_of', { name: quota.name })} />
      },
    },
    {
      key: 'every',
      head: t('counted'),
      cell: (quota) => (
        <>
          {t(`every.${quota.every ?? 'never'}`)}
          {quota.resets_at && (
            <Text size="sm" c="dimmed">
              {t('resets')} <Moment at={quota.resets_at} />
            </Text>
          )}
        </>
      ),
    },
    { key: 'source', head: t('source'), cell: (quota) => t(`sources.${quota.source}`) },
  ]
  if (acts) columns.push({ key: 'actions', head: t('actions', { ns: 'common' }), cell: acts })
  return <Rows caption={caption} columns={columns} rows={quotas} id={(quota) => quota.name} />
}
