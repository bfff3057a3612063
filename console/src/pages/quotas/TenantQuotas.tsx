import { Button, Group } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { confirm } from '~/look/confirm'
import { Dialog } from '~/look/Dialog'
import { Failure } from '~/look/Failure'
import { Shown } from '~/look/Shown'
import { tell } from '~/look/tell'
import { useMay } from '~/session/use'
import { type Quota, QuotaRows } from './QuotaRows'
import { SetAmount } from './SetAmount'
import { WORDS } from './words'

/** A tenant's quotas, for operators: what was agreed with it in place of what its plan gives. */
export function TenantQuotas({ tenant }: { tenant: string }) {
  const { t } = useTranslation(WORDS)
  const may = useMay()('limits:write')
  const stored = useQueryClient()
  const [changing, setChanging] = useState<Quota | null>(null)
  const quotas = useQuery({
    queryKey: ['quotas', tenant],
    queryFn: async () =>
      (await answer(api.GET('/api/v2/tenants/{tenant_id}/quotas', { params: { path: { tenant_id: tenant } } }))).data,
  })
  const path = (quota: Quota) => ({ params: { path: { tenant_id: tenant, quota: quota.name } } })
  function ended(): void {
    void stored.invalidateQueries({ queryKey: ['quotas', tenant] })
    tell(t('saved', { ns: 'common' }))
  }
  const reset = useMutation({
    mutationFn: (quota: Quota) => api.DELETE('/api/v2/tenants/{tenant_id}/quotas/{quota}', path(quota)),
    onSuccess: ended,
  })
  async function set(quota: Quota, amount: number | null): Promise<void> {
    await api.PUT('/api/v2/tenants/{tenant_id}/quotas/{quota}', { ...path(quota), body: { amount } })
    setChanging(null)
    ended()
  }
  const acts = (quota: Quota) => (
    <Group gap="xs" wrap="nowrap">
      <Button
        size="xs"
        variant="default"
        onClick={() => setChanging(quota)}
        aria-label={t('change_of', { name: quota.name })}
      >
        {t('change')}
      </Button>
      {quota.source === 'tenant' && (
        <Button
          size="xs"
          variant="light"
          color="red"
          aria-label={t('reset_of', { name: quota.name })}
          onClick={() =>
            confirm(t, { title: t('reset'), text: t('reset_sure'), act: t('reset'), done: () => reset.mutate(quota) })
          }
        >
          {t('reset')}
        </Button>
      )}
    </Group>
  )
  return (
    <>
      {reset.error && <Failure error={reset.error} />}
      <Shown of={quotas}>
        {(data) => <QuotaRows caption={t('of_tenant')} quotas={data} acts={may ? acts : undefined} />}
      </Shown>
      <Dialog title={changing?.name ?? ''} opened={changing !== null} close={() => setChanging(null)}>
        {changing && <SetAmount now={changing.limit} unit={changing.unit} send={(amount) => set(changing, amount)} />}
      </Dialog>
    </>
  )
}
