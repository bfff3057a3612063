import { Anchor, Button, Card, Group, Stack, Switch } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'
import { answer, api, tagged } from '~/api/client'
import type { components } from '~/api/schema'
import { confirm } from '~/look/confirm'
import { Failure, useFailureWords } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { Handed } from '~/look/Handed'
import { Moment } from '~/look/Moment'
import { Copied } from '~/look/Once'
import { Page } from '~/look/Page'
import { Permitted } from '~/look/Permitted'
import { Tagged } from '~/look/Tagged'
import { tell, tellFailure } from '~/look/tell'
import { useMay } from '~/session/use'
import { moment } from '~/words/formats'
import { Facts } from '../keys/Facts'
import { RIGHTS, RightsFields } from '../keys/fields'
import { Rotating } from '../keys/Rotating'
import { StateBadge } from '../keys/StateBadge'
import { Usage } from '../keys/Usage'
import { addKeyWords } from '../keys/words'
import type { Made } from './NewClient'

addKeyWords()

type Client = components['schemas']['ClientView']

const FIELDS = [...RIGHTS, 'enabled']

/** One client: what it may do, its secrets, how much it is used; changing it, another secret, revoking it. */
export default function ClientPage() {
  const { id = '' } = useParams()
  const { t } = useTranslation('keys')
  const path = { oauth_client_id: id }
  const read = () => tagged(api.GET('/api/v2/oauth-clients/{oauth_client_id}', { params: { path } }))
  return (
    <Page
      title={t('clients.one')}
      actions={
        <Anchor component={Link} to="/clients">
          {t('clients.to_all')}
        </Anchor>
      }
    >
      <Permitted permission="clients:read">
        <Tagged key={id} queryKey={['clients', id]} read={read}>
          {({ data, etag, again }) => <One found={data} etag={etag} again={again} />}
        </Tagged>
        <Usage kind="client" id={id} />
      </Permitted>
    </Page>
  )
}

interface Props {
  found: Client
  etag: string
  again: () => void
}

function One({ found, etag, again }: Props) {
  const may = useMay()('clients:write') && !found.revoked_at
  const { t } = useTranslation(['keys', 'common'])
  const secrets = found.secrets.map(({ last_four, expires_at }) =>
    expires_at
      ? t('clients.secret_ends', { last_four, at: moment(expires_at) })
      : t('clients.secret_stays', { last_four }),
  )
  const facts: [string, React.ReactNode][] = [
    [t('clients.client_id'), <Copied key="id" text={found.client_id} label={t('clients.client_id')} />],
    [t('clients.secrets'), secrets.join(' · ') || t('clients.no_secret')],
    [
      t('clients.last_token'),
      found.last_used_at ? <Moment key="used" at={found.last_used_at} /> : t('never', { ns: 'common' }),
    ],
    [t('created_at'), <Moment key="at" at={found.created_at} exact />],
    [t('created_by'), found.created_by],
  ]
  if (found.revoked_at) facts.push([t('revoked_at'), <Moment key="revoked" at={found.revoked_at} exact />])
  return (
    <Card withBorder component="section" aria-label={found.name}>
      <Stack>
        <Group justify="space-between">
          <StateBadge of={found} />
          {may && <Acts found={found} etag={etag} again={again} />}
        </Group>
        <Facts facts={facts} />
        <Form found={found} etag={etag} again={again} fixed={!may} />
      </Stack>
    </Card>
  )
}

function Acts({ found, etag, again }: Props) {
  const { t } = useTranslation('keys')
  const stored = useQueryClient()
  const go = useNavigate()
  const words = useFailureWords()
  const [rotating, setRotating] = useState(false)
  const [made, setMade] = useState<Made | null>(null)
  const path = { oauth_client_id: found.id }
  const revoke = useMutation({
    mutationFn: () =>
      api.DELETE('/api/v2/oauth-clients/{oauth_client_id}', { params: { path, header: { 'If-Match': etag } } }),
    onSuccess: () => {
      void stored.invalidateQueries({ queryKey: ['clients'] })
      tell(t('revoked', { name: found.name }))
      go('/clients')
    },
    onError: (error) => tellFailure(words(error)),
  })
  async function rotate(overlap_hours: number, key: string): Promise<Made> {
    const params = { path, header: { 'Idempotency-Key': key } }
    const asked = api.POST('/api/v2/oauth-clients/{oauth_client_id}/rotate', { params, body: { overlap_hours } })
    return (await answer(asked)).data
  }
  function ask(): void {
    const text = t('revoke_sure', { name: found.name })
    confirm(t, { title: t('revoke'), text, act: t('revoke'), done: () => revoke.mutate() })
  }
  return (
    <Group gap="xs">
      <Button variant="default" onClick={() => setRotating(true)}>
        {t('clients.rotate')}
      </Button>
      <Button variant="outline" color="red" onClick={ask} loading={revoke.isPending}>
        {t('revoke')}
      </Button>
      <Rotating
        title={t('clients.rotate')}
        text={t('clients.rotate_is')}
        opened={rotating}
        close={() => setRotating(false)}
        rotate={rotate}
        done={(client) => {
          setRotating(false)
          setMade(client)
        }}
      />
      <Handed
        title={t('clients.made', { name: found.name })}
        secret={made?.client_secret ?? null}
        label={t('clients.secret')}
        done={() => {
          setMade(null)
          again()
        }}
      />
    </Group>
  )
}

function Form({ found, etag, again, fixed }: Props & { fixed: boolean }) {
  const { t } = useTranslation(['keys', 'common'])
  const stored = useQueryClient()
  const { name, scopes, allowed_networks, enabled } = found
  const form = useForm({ initialValues: { name, scopes, allowed_networks, enabled, plan: found.plan ?? '' } })
  const save = useMutation({
    mutationFn: ({ plan, ...values }: typeof form.values) =>
      answer(
        api.PATCH('/api/v2/oauth-clients/{oauth_client_id}', {
          params: { path: { oauth_client_id: found.id }, header: { 'If-Match': etag } },
          body: { ...values, plan: plan || null },
        }),
      ),
    onSuccess: () => {
      tell(t('saved', { ns: 'common' }))
      void stored.invalidateQueries({ queryKey: ['clients', 'list'] })
      again()
    },
    onError: (error) => toFields(form, FIELDS, error),
  })
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack>
        {beyondFields(FIELDS, save.error) && <Failure error={save.error} again={again} />}
        <RightsFields form={form} disabled={fixed} />
        <Switch
          label={t('enabled')}
          description={t('enabled_hint')}
          disabled={fixed}
          {...form.getInputProps('enabled', { type: 'checkbox' })}
        />
        {!fixed && (
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending} disabled={!form.isDirty()}>
              {t('save', { ns: 'common' })}
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  )
}
