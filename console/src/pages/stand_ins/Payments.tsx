import { Button, Menu, Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { Moment } from '~/look/Moment'
import { Pager } from '~/look/Pager'
import { Rows } from '~/look/Rows'
import { Shown } from '~/look/Shown'
import { type Outcome, type Payment, usePayments, useTelling } from './queries'

/** Mercado Pago's payments, and what shall become of them. */
export function Payments() {
  const { t } = useTranslation('stand_ins')
  const [page, setPage] = useState(1)
  const payments = usePayments(page)
  return (
    <Stack component="section" aria-labelledby="payments">
      <div>
        <Title order={2} size="h4" id="payments">
          {t('payments')}
        </Title>
        <Text c="dimmed">{t('payments_text')}</Text>
      </div>
      <Shown of={payments}>
        {({ data, meta }) => (
          <Stack gap="xs">
            <Rows
              caption={t('payments')}
              rows={data}
              id={(one) => one.id}
              empty={t('no_payments')}
              columns={columns(t)}
            />
            <Pager pagination={meta.pagination} go={setPage} />
          </Stack>
        )}
      </Shown>
    </Stack>
  )
}

function columns(t: (key: string) => string) {
  return [
    { key: 'id', head: t('payment'), cell: (one: Payment) => one.id },
    { key: 'what', head: t('what'), cell: (one: Payment) => one.description || one.reference || '–' },
    {
      key: 'amount',
      head: t('amount'),
      cell: (one: Payment) => `${one.amount} ${one.currency}`,
      align: 'right' as const,
    },
    { key: 'status', head: t('status'), cell: (one: Payment) => `${one.status} (${one.status_detail})` },
    { key: 'made', head: t('made'), cell: (one: Payment) => <Moment at={one.created_at} /> },
    { key: 'decide', head: t('decide'), cell: (one: Payment) => <Decide payment={one} /> },
  ]
}

function Decide({ payment }: { payment: Payment }) {
  const { t } = useTranslation('stand_ins')
  const decide = useTelling(
    (outcome: Outcome) =>
      api.PUT('/api/v2/development/payments/{payment_id}/outcome', {
        params: { path: { payment_id: payment.id } },
        body: { outcome },
      }),
    t('decided'),
  )
  return (
    <Menu withInitialFocusPlaceholder={false} position="bottom-end">
      <Menu.Target>
        <Button
          size="compact-sm"
          variant="default"
          loading={decide.isPending}
          aria-label={t('decide_one', { payment: payment.id })}
        >
          {t('decide')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {payment.outcomes.map((outcome) => (
          <Menu.Item key={outcome} onClick={() => decide.mutate(outcome)}>
            {t(`outcome_${outcome}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
