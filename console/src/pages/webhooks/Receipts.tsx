import { Anchor, SimpleGrid } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useAsked } from '~/look/asked'
import { Moment } from '~/look/Moment'
import { Page } from '~/look/Page'
import { Pager } from '~/look/Pager'
import { Permitted } from '~/look/Permitted'
import { type Column, Rows } from '~/look/Rows'
import { Search } from '~/look/Search'
import { Shown } from '~/look/Shown'
import { type Receipt, useReceipts } from './queries'
import { WORDS } from './words'

export default function Receipts() {
  const { t } = useTranslation(WORDS)
  return (
    <Page title={t('receipts')} about={t('receipts_about')}>
      <Permitted permission="webhooks:read">
        <List />
      </Permitted>
    </Page>
  )
}

function List() {
  const { t } = useTranslation(WORDS)
  const { get, put, page } = useAsked()
  const receipts = useReceipts({ source: get('source') || undefined, sender_id: get('sender_id') || undefined, page })
  const columns: Column<Receipt>[] = [
    {
      key: 'sender_id',
      head: t('sender_id'),
      cell: ({ id, sender_id }) => (
        <Anchor component={Link} to={`/receipts/${id}`} size="sm" fw={500} style={{ overflowWrap: 'anywhere' }}>
          {sender_id}
        </Anchor>
      ),
    },
    { key: 'source', head: t('source'), cell: ({ source }) => source },
    { key: 'received', head: t('received'), cell: ({ received_at }) => <Moment at={received_at} /> },
  ]
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} component="search">
        <Search label={t('source')} placeholder="mercadopago" value={get('source')} put={(source) => put({ source })} />
        <Search label={t('sender_id')} value={get('sender_id')} put={(sender_id) => put({ sender_id })} />
      </SimpleGrid>
      <Shown of={receipts}>
        {({ data, meta }) => (
          <>
            <Rows
              caption={t('receipts')}
              columns={columns}
              rows={data}
              id={({ id }) => id}
              empty={get('source') || get('sender_id') ? t('nothing_found', { ns: 'common' }) : t('no_receipts')}
            />
            <Pager pagination={meta.pagination} go={(to) => put({ page: String(to) })} />
          </>
        )}
      </Shown>
    </>
  )
}
