import { Anchor, Button, Card, Group, Stack, Switch, Text, TextInput, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { answer, api, tagged } from '~/api/client'
import { confirm } from '~/look/confirm'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { Moment } from '~/look/Moment'
import { Page } from '~/look/Page'
import { Permitted } from '~/look/Permitted'
import { Tagged } from '~/look/Tagged'
import { tell } from '~/look/tell'
import { useMay } from '~/session/use'
import { addWords } from '~/words/words'
import { TenantQuotas } from '../quotas/TenantQuotas'
import en from './en.json'
import { PlanSelect } from './plans'
import ptBR from './pt-BR.json'
import type { Tenant } from './tenant'

addWords('tenants', en, ptBR)

const FIELDS = ['name', 'plan', 'enabled']

/** One tenant: its name, plan and whether it is served; what it may have and use. */
export default function TenantPage() {
  const { id = '' } = useParams()
  const { t } = useTranslation('tenants')
  const may = useMay()
  const read = () => tagged(api.GET('/api/v2/tenants/{tenant_id}', { params: { path: { tenant_id: id } } }))
  return (
    <Page
      title={t('one')}
      actions={
        <Anchor component={Link} to="/tenants">
          {t('to_all')}
        </Anchor>
      }
    >
      <Permitted permission="tenants:read">
        <Tagged queryKey={['tenants', id]} read={read}>
          {({ data, etag, again }) => <Form tenant={data} etag={etag} again={again} />}
        </Tagged>
        {may('limits:read') && (
          <Stack component="section" aria-labelledby="quotas">
            <Group justify="space-between">
              <Title order={2} size="h4" id="quotas">
                {t('quotas')}
              </Title>
              <Anchor component={Link} to={`/limits?tenant=${encodeURIComponent(id)}`}>
                {t('near')}
              </Anchor>
            </Group>
            <TenantQuotas tenant={id} />
          </Stack>
        )}
      </Permitted>
    </Page>
  )
}

function Form({ tenant, etag, again }: { tenant: Tenant; etag: string; again: () => void }) {
  const { t } = useTranslation(['tenants', 'common'])
  const may = useMay()('tenants:write')
  const stored = useQueryClient()
  const form = useForm({ initialValues: { name: tenant.name, plan: tenant.plan ?? '', enabled: tenant.enabled } })
  const save = useMutation({
    mutationFn: ({ plan, ...values }: typeof form.values) =>
      answer(
        api.PATCH('/api/v2/tenants/{tenant_id}', {
          params: { path: { tenant_id: tenant.id }, header: { 'If-Match': etag } },
          body: { ...values, plan: plan || null },
        }),
      ),
    onSuccess: () => {
      tell(t('saved', { ns: 'common' }))
      void stored.invalidateQueries({ queryKey: ['tenants', 'list'] })
      void stored.invalidateQueries({ queryKey: ['quotas'] })
      again()
    },
    onError: (error) => toFields(form, FIELDS, error),
  })
  function submit(values: typeof form.values): void {
    const ends = tenant.enabled && !values.enabled
    if (!ends) save.mutate(values)
    else
      confirm(t, {
        title: t('disable'),
        text: t('disable_sure', { name: tenant.name }),
        act: t('disable'),
        done: () => save.mutate(values),
      })
  }
  return (
    <Card withBorder component="section" aria-label={tenant.name}>
      <form onSubmit={form.onSubmit(submit)} noValidate>
        <Stack>
          {beyondFields(FIELDS, save.error) && <Failure error={save.error} again={again} />}
          <Text>
            <strong>{tenant.slug}</strong>{' '}
            <Text span c="dimmed" size="sm">
              {tenant.id} · <Moment at={tenant.created_at} exact />
            </Text>
          </Text>
          <TextInput label={t('name')} autoComplete="off" required disabled={!may} {...form.getInputProps('name')} />
          <PlanSelect disabled={!may} {...form.getInputProps('plan')} />
          <Switch
            label={t('is_served')}
            description={t('is_served_hint')}
            disabled={!may}
            {...form.getInputProps('enabled', { type: 'checkbox' })}
          />
          {may && (
            <Group justify="flex-end">
              <Button type="submit" loading={save.isPending} disabled={!form.isDirty()}>
                {t('save', { ns: 'common' })}
              </Button>
            </Group>
          )}
        </Stack>
      </form>
    </Card>
  )
}
