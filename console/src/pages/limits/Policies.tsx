import { Anchor, Badge, Button, Group, Stack, Switch, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { answer, api } from '~/api/client'
import type { components } from '~/api/schema'
import { confirm } from '~/look/confirm'
import { Dialog } from '~/look/Dialog'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { type Column, Rows } from '~/look/Rows'
import { Shown } from '~/look/Shown'
import { tell } from '~/look/tell'
import { useMay } from '~/session/use'
import { number, stretch } from '~/words/formats'
import { rateOf } from './callers'

type Policy = components['schemas']['LimitView']

const FIELDS = ['rate', 'enabled']
const isPlan = (policy: Policy) => policy.name.startsWith('plan.')

/** The limits in force; an operator sets them without a restart, and goes back to what is declared. */
export function Policies() {
  const { t } = useTranslation(['limits', 'common'])
  const may = useMay()('limits:write')
  const stored = useQueryClient()
  const [changing, setChanging] = useState<Policy | null>(null)
  const policies = useQuery({
    queryKey: ['limits', 'list'],
    queryFn: async () => (await answer(api.GET('/api/v2/limits'))).data,
  })
  function ended(): void {
    // Processes hear of it within seconds, and this page asks any of them.
    setTimeout(() => void stored.invalidateQueries({ queryKey: ['limits'] }), 1_000)
    tell(t('in_force_soon'))
  }
  const reset = useMutation({
    mutationFn: (policy: Policy) => api.DELETE('/api/v2/limits/{name}', { params: { path: { name: policy.name } } }),
    onSuccess: (_, policy) => {
      stored.setQueryData<Policy[]>(['limits', 'list'], (all) =>
        all?.map((one) => (one.name === policy.name ? { ...one, declared: true } : one)),
      )
      ended()
    },
  })
  const columns: Column<Policy>[] = [
    {
      key: 'name',
      head: t('policy'),
      cell: ({ name }) => (
        <Anchor component={Link} to={`/limits?tenant=all&policy=${encodeURIComponent(name)}`} underline="always">
          {name}
        </Anchor>
      ),
    },
    { key: 'quota', head: t('quota'), align: 'right', cell: ({ quota }) => number(quota) },
    { key: 'window', head: t('window'), cell: ({ window }) => stretch(window) },
    { key: 'per', head: t('per'), cell: ({ per }) => t(`pers.${per}`) },
    { key: 'mode', head: t('state'), cell: (policy) => <Mode of={policy} /> },
    { key: 'fail', head: t('without_redis'), cell: ({ fail }) => t(`fails.${fail}`) },
  ]
  if (may) columns.push({ key: 'actions', head: t('actions', { ns: 'common' }), cell: (policy) => acts(policy) })
  const acts = (policy: Policy) =>
    isPlan(policy) ? (
      '–'
    ) : (
      <Group gap="xs" wrap="nowrap">
        <Button
          size="xs"
          variant="default"
          onClick={() => setChanging(policy)}
          aria-label={t('change_of', { name: policy.name })}
        >
          {t('change')}
        </Button>
        {!policy.declared && (
          <Button
            size="xs"
            variant="light"
            color="red"
            aria-label={t('reset_of', { name: policy.name })}
            onClick={() =>
              confirm(t, {
                title: t('reset'),
                text: t('reset_sure', { name: policy.name }),
                act: t('reset'),
                done: () => reset.mutate(policy),
              })
            }
          >
            {t('reset')}
          </Button>
        )}
      </Group>
    )
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {t('policies_hint')}
      </Text>
      {reset.error && <Failure error={reset.error} />}
      <Shown of={policies}>
        {(data) => <Rows caption={t('tabs.policies')} columns={columns} rows={data} id={({ name }) => name} />}
      </Shown>
      <Dialog title={changing?.name ?? ''} opened={changing !== null} close={() => setChanging(null)}>
        {changing && (
          <SetLimit
            policy={changing}
            done={(policy) => {
              stored.setQueryData<Policy[]>(['limits', 'list'], (all) =>
                all?.map((one) => (one.name === policy.name ? policy : one)),
              )
              setChanging(null)
              ended()
            }}
          />
        )}
      </Dialog>
    </Stack>
  )
}

function Mode({ of: { mode, declared } }: { of: Policy }) {
  const { t } = useTranslation('limits')
  return (
    <Group gap={4}>
      <span>{t(`modes.${mode}`)}</span>
      {!declared && <Badge variant="default">{t('changed')}</Badge>}
    </Group>
  )
}

function SetLimit({ policy, done }: { policy: Policy; done: (policy: Policy) => void }) {
  const { t } = useTranslation(['limits', 'common'])
  const form = useForm({
    initialValues: { rate: rateOf(policy.quota, policy.window), enabled: policy.mode === 'enforce' },
  })
  const save = useMutation({
    mutationFn: (body: typeof form.values) =>
      answer(api.PUT('/api/v2/limits/{name}', { params: { path: { name: policy.name } }, body })),
    onSuccess: ({ data }) => done(data),
    onError: (error) => toFields(form, FIELDS, error),
  })
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack>
        {beyondFields(FIELDS, save.error) && <Failure error={save.error} />}
        <TextInput
          label={t('rate')}
          description={t('rate_hint')}
          autoComplete="off"
          required
          {...form.getInputProps('rate')}
        />
        <Switch
          label={t('enforced')}
          description={t('enforced_hint')}
          {...form.getInputProps('enabled', { type: 'checkbox' })}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={save.isPending}>
            {t('save', { ns: 'common' })}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
