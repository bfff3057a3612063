import { Button, Divider, Group, NativeSelect, Stack, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { Failure } from '~/look/Failure'
import { Shown } from '~/look/Shown'
import { tell } from '~/look/tell'
import { amount } from '../quotas/amounts'
import type { Quota } from '../quotas/QuotaRows'
import { SetAmount } from '../quotas/SetAmount'

/** What a plan gives in place of what the products declare. */
export function PlanQuotas({ plan }: { plan: string }) {
  const { t } = useTranslation(['limits', 'common'])
  const [chosen, setChosen] = useState('')
  const declared = useQuery({
    queryKey: ['quotas', 'own'],
    queryFn: async () => (await answer(api.GET('/api/v2/quotas'))).data,
  })
  const plans = useQuery({
    queryKey: ['plans', 'all'],
    queryFn: async () => (await answer(api.GET('/api/v2/plans', { params: { query: { per_page: 100 } } }))).data,
  })
  const amounts = plans.data?.find(({ name }) => name === plan)?.quotas ?? {}
  return (
    <Shown of={declared}>
      {(quotas) => {
        const quota = quotas.find(({ name }) => name === chosen) ?? quotas[0]
        return (
          <Stack>
            <Amounts amounts={amounts} quotas={quotas} plan={plan} />
            <Divider />
            <NativeSelect
              label={t('quota_to_set')}
              value={quota?.name}
              onChange={(event) => setChosen(event.currentTarget.value)}
              data={quotas.map(({ name }) => name)}
            />
            {quota && (
              <SetOne key={quota.name + plans.dataUpdatedAt} plan={plan} quota={quota} now={amounts[quota.name]} />
            )}
          </Stack>
        )
      }}
    </Shown>
  )
}

function SetOne({ plan, quota, now }: { plan: string; quota: Quota; now: number | null | undefined }) {
  const { t } = useTranslation(['limits', 'common'])
  const stored = useQueryClient()
  async function send(amount: number | null): Promise<void> {
    const params = { path: { name: plan, quota: quota.name } }
    await api.PUT('/api/v2/plans/{name}/quotas/{quota}', { params, body: { amount } })
    await stored.invalidateQueries({ queryKey: ['plans'] })
    tell(t('saved', { ns: 'common' }))
  }
  return <SetAmount now={now === undefined ? quota.limit : now} unit={quota.unit} send={send} />
}

interface AmountsProps {
  plan: string
  quotas: Quota[]
  amounts: Record<string, number | null>
}

/** What the plan sets now; each can be given back to what is declared. */
function Amounts({ plan, quotas, amounts }: AmountsProps) {
  const { t } = useTranslation(['limits', 'common'])
  const stored = useQueryClient()
  const reset = useMutation({
    mutationFn: (quota: string) =>
      api.DELETE('/api/v2/plans/{name}/quotas/{quota}', { params: { path: { name: plan, quota } } }),
    onSuccess: () => {
      void stored.invalidateQueries({ queryKey: ['plans'] })
      tell(t('saved', { ns: 'common' }))
    },
  })
  const unit = (name: string) => quotas.find((quota) => quota.name === name)?.unit ?? ''
  const all = Object.entries(amounts)
  return (
    <Stack gap="xs">
      {reset.error && <Failure error={reset.error} />}
      {all.length === 0 && <Text c="dimmed">{t('as_declared')}</Text>}
      {all.map(([name, value]) => (
        <Group key={name} justify="space-between" wrap="nowrap">
          <Text size="sm">
            {name}: {value === null ? t('unbounded') : amount(value, unit(name))}
          </Text>
          <Button
            size="xs"
            variant="light"
            color="red"
            onClick={() => reset.mutate(name)}
            aria-label={t('reset_of', { name })}
          >
            {t('reset')}
          </Button>
        </Group>
      ))}
    </Stack>
  )
}
