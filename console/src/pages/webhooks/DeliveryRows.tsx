import { Anchor, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { Moment } from '~/look/Moment'
import { type Column, Rows } from '~/look/Rows'
import type { Delivery } from './queries'
import { DeliverySign } from './Signs'
import { WORDS } from './words'

interface Props {
  rows: Delivery[]
  caption: string
  empty: ReactNode
  /** Where each goes, where they go to several. */
  receiver?: (delivery: Delivery) => ReactNode
}

export function DeliveryRows({ rows, caption, empty, receiver }: Props) {
  const { t } = useTranslation(WORDS)
  const columns: Column<Delivery>[] = [
    {
      key: 'event',
      head: t('event'),
      cell: ({ id, event, message_id }) => (
        <Anchor component={Link} to={`/deliveries/${id}`} size="sm" fw={500} ff="monospace" title={message_id}>
          {event}
        </Anchor>
      ),
    },
    { key: 'state', head: t('state'), cell: (delivery) => <DeliverySign delivery={delivery} /> },
    { key: 'answer', head: t('last_answer'), cell: (delivery) => <Last delivery={delivery} /> },
    { key: 'attempts', head: t('attempts'), align: 'right', cell: ({ attempts }) => attempts },
    { key: 'next', head: t('next'), cell: ({ next_at }) => <Moment at={next_at} /> },
    { key: 'created', head: t('written'), cell: ({ created_at }) => <Moment at={created_at} /> },
  ]
  if (receiver) columns.splice(1, 0, { key: 'receiver', head: t('receiver'), cell: receiver })
  return <Rows caption={caption} columns={columns} rows={rows} id={({ id }) => id} empty={empty} />
}

function Last({ delivery: { last_status, last_error } }: { delivery: Delivery }) {
  if (last_error)
    return (
      <Text size="sm" lineClamp={2} maw={320}>
        {last_error}
      </Text>
    )
  return <>{last_status ?? '–'}</>
}
