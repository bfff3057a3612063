import { Button, Group, List, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import type { components } from '~/api/schema'
import { useAsked } from '~/look/asked'
import { confirm } from '~/look/confirm'
import { Dialog } from '~/look/Dialog'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { Pager } from '~/look/Pager'
import { type Column, Rows } from '~/look/Rows'
import { Shown } from '~/look/Shown'
import { tell } from '~/look/tell'
import { useMay } from '~/session/use'
import { number } from '~/words/formats'
import { PlanQuotas } from './PlanQuotas'

type Plan = components['schemas']['PlanView']

const FIELDS = ['name', 'rate', 'description']
const NONE: Plan = { name: '', rate: '60/minute', description: '', quotas: {} }

/** Rates and quotas that tenants and keys are put on. */
export function Plans() {
  const { t } = useTranslation(['limits', 'common'])
  const may = useMay()('limits:write')
  const stored = useQueryClient()
  const asked = useAsked()
  const [changing, setChanging] = useState<Plan | null>(null)
  const [quotasOf, setQuotasOf] = useState<string | null>(null)
  const query = { page: asked.page }
  const plans = useQuery({
    queryKey: ['plans', 'list', query],
    queryFn: () => answer(api.GET('/api/v2/plans', { params: { query } })),
    placeholderData: keepPreviousData,
  })
  function ended(words: string): void {
    void stored.invalidateQueries({ queryKey: ['plans'] })
    tell(words)
  }
  const remove = useMutation({
    mutationFn: (name: string) => api.DELETE('/api/v2/plans/{name}', { params: { path: { name } } }),
    onSuccess: (_, name) => ended(t('plan_removed', { name })),
  })
  const acts = ({ name, ...plan }: Plan) => (
    <Group gap="xs" wrap="nowrap">
      <Button
        size="xs"
        variant="default"
        onClick={() => setChanging({ name, ...plan })}
        aria-label={t('change_of', { name })}
      >
        {t('change')}
      </Button>
      <Button size="xs" variant="default" onClick={() => setQuotasOf(name)} aria-label={t('quotas_of', { name })}>
        {t('quotas')}
      </Button>
      <Button
        size="xs"
        variant="light"
        color="red"
        aria-label={t('remove_of', { name })}
        onClick={() =>
          confirm(t, {
            title: t('remove_of', { name }),
            text: t('remove_plan_sure'),
            act: t('delete', { ns: 'common' }),
            done: () => remove.mutate(name),
          })
        }
      >
        {t('delete', { ns: 'common' })}
      </Button>
    </Group>
  )
  const columns: Column<Plan>[] = [
    { key: 'name', head: t('plan'), cell: ({ name }) => name },
    { key: 'rate', head: t('rate'), cell: ({ rate }) => rate },
    { key: 'description', head: t('description'), cell: ({ description }) => description || '–' },
    { key: 'quotas', head: t('quotas'), cell: ({ quotas }) => <Amounts of={quotas} /> },
    ...(may ? [{ key: 'actions', head: t('actions', { ns: 'common' }), cell: acts }] : []),
  ]
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm" c="dimmed" flex={1}>
          {t('plans_hint')}
        </Text>
        {may && (
          <Button leftSection={<Plus size={16} aria-hidden />} onClick={() => setChanging(NONE)}>
            {t('new_plan')}
          </Button>
        )}
      </Group>
      {remove.error && <Failure error={remove.error} />}
      <Shown of={plans}>
        {({ data, meta }) => (
          <>
            <Rows
              caption={t('tabs.plans')}
              columns={columns}
              rows={data}
              id={({ name }) => name}
              empty={t('no_plans')}
            />
            <Pager pagination={meta.pagination} go={(page) => asked.put({ page: String(page) })} />
          </>
        )}
      </Shown>
      <Dialog title={changing?.name || t('new_plan')} opened={changing !== null} close={() => setChanging(null)}>
        {changing && (
          <SetPlan
            plan={changing}
            done={() => {
              setChanging(null)
              ended(t('in_force_soon'))
            }}
          />
        )}
      </Dialog>
      <Dialog title={t('quotas_of', { name: quotasOf })} opened={quotasOf !== null} close={() => setQuotasOf(null)}>
        {quotasOf && <PlanQuotas plan={quotasOf} />}
      </Dialog>
    </Stack>
  )
}

function Amounts({ of: quotas }: { of: Plan['quotas'] }) {
  const { t } = useTranslation('limits')
  const all = Object.entries(quotas)
  if (all.length === 0) return <>{t('as_declared')}</>
  return (
    <List size="sm" listStyleType="none">
      {all.map(([name, amount]) => (
        <List.Item key={name}>
          {name}: {amount === null ? t('unbounded') : number(amount)}
        </List.Item>
      ))}
    </List>
  )
}

function SetPlan({ plan, done }: { plan: Plan; done: () => void }) {
  const { t } = useTranslation(['limits', 'common'])
  const { name, rate, description } = plan
  const form = useForm({
    initialValues: { name, rate, description },
    validate: { name: (value) => (/^[a-z0-9][a-z0-9._-]{0,58}$/.test(value) ? null : t('plan_name_hint')) },
  })
  const save = useMutation({
    mutationFn: ({ name, ...body }: typeof form.values) =>
      api.PUT('/api/v2/plans/{name}', { params: { path: { name } }, body }),
    onSuccess: done,
    onError: (error) => toFields(form, FIELDS, error),
  })
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack>
        {beyondFields(FIELDS, save.error) && <Failure error={save.error} />}
        <TextInput
          label={t('plan')}
          description={t('plan_name_hint')}
          autoComplete="off"
          required
          disabled={plan.name !== ''}
          {...form.getInputProps('name')}
        />
        <TextInput
          label={t('rate')}
          description={t('rate_hint')}
          autoComplete="off"
          required
          {...form.getInputProps('rate')}
        />
        <TextInput label={t('description')} autoComplete="off" {...form.getInputProps('description')} />
        <Group justify="flex-end">
          <Button type="submit" loading={save.isPending}>
            {t('save', { ns: 'common' })}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
