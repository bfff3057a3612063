import { Anchor, Button, Card, Code, Group, Stack, Switch, TextInput } from '@mantine/core'
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
import { Page } from '~/look/Page'
import { Permitted } from '~/look/Permitted'
import { Tagged } from '~/look/Tagged'
import { tell, tellFailure } from '~/look/tell'
import { useMay } from '~/session/use'
import { Facts } from './Facts'
import { RIGHTS, RightsFields } from './fields'
import type { Made } from './NewKey'
import { Rotating } from './Rotating'
import { StateBadge } from './StateBadge'
import { fromField, toField } from './state'
import { Usage } from './Usage'
import { addKeyWords } from './words'

addKeyWords()

type Key = components['schemas']['KeyView']

const FIELDS = [...RIGHTS, 'expires_at', 'enabled']

/** One key: what it may do, how it stands, how much it is used; changing, rotating and revoking it. */
export default function KeyPage() {
  const { id = '' } = useParams()
  const { t } = useTranslation('keys')
  const read = () => tagged(api.GET('/api/v2/keys/{key_id}', { params: { path: { key_id: id } } }))
  return (
    <Page
      title={t('one')}
      actions={
        <Anchor component={Link} to="/keys">
          {t('to_all')}
        </Anchor>
      }
    >
      <Permitted permission="keys:read">
        <Tagged key={id} queryKey={['keys', id]} read={read}>
          {({ data, etag, again }) => <One found={data} etag={etag} again={again} />}
        </Tagged>
        <Usage kind="key" id={id} />
      </Permitted>
    </Page>
  )
}

interface Props {
  found: Key
  etag: string
  again: () => void
}

function One({ found, etag, again }: Props) {
  const may = useMay()('keys:write') && !found.revoked_at
  return (
    <Card withBorder component="section" aria-label={found.name}>
      <Stack>
        <Group justify="space-between">
          <StateBadge of={found} />
          {may && <Acts found={found} etag={etag} />}
        </Group>
        <Facts facts={useFacts(found)} />
        <Form found={found} etag={etag} again={again} fixed={!may} />
      </Stack>
    </Card>
  )
}

function useFacts(found: Key): [string, React.ReactNode][] {
  const { t } = useTranslation(['keys', 'common'])
  const never = t('never', { ns: 'common' })
  const facts: [string, React.ReactNode][] = [
    [t('known_as'), <Code key="id">{`${found.public_id} …${found.last_four}`}</Code>],
    [t('created_at'), <Moment key="at" at={found.created_at} exact />],
    [t('created_by'), found.created_by],
    [t('last_used'), found.last_used_at ? <Moment key="used" at={found.last_used_at} /> : never],
  ]
  if (found.test) facts.push([t('kind'), t('for_tests')])
  if (found.revoked_at) facts.push([t('revoked_at'), <Moment key="revoked" at={found.revoked_at} exact />])
  if (found.rotated_from)
    facts.push([
      t('rotated_from'),
      <Anchor key="from" component={Link} to={`/keys/${found.rotated_from}`}>
        {t('the_one_before')}
      </Anchor>,
    ])
  return facts
}

function Acts({ found, etag }: { found: Key; etag: string }) {
  const { t } = useTranslation('keys')
  const stored = useQueryClient()
  const go = useNavigate()
  const words = useFailureWords()
  const [rotating, setRotating] = useState(false)
  const [made, setMade] = useState<Made | null>(null)
  const path = { key_id: found.id }
  const revoke = useMutation({
    mutationFn: () => api.DELETE('/api/v2/keys/{key_id}', { params: { path, header: { 'If-Match': etag } } }),
    onSuccess: () => {
      void stored.invalidateQueries({ queryKey: ['keys'] })
      tell(t('revoked', { name: found.name }))
      go('/keys')
    },
    onError: (error) => tellFailure(words(error)),
  })
  async function rotate(overlap_hours: number, key: string): Promise<Made> {
    const params = { path, header: { 'Idempotency-Key': key } }
    return (await answer(api.POST('/api/v2/keys/{key_id}/rotate', { params, body: { overlap_hours } }))).data
  }
  function ask(): void {
    const text = t('revoke_sure', { name: found.name })
    confirm(t, { title: t('revoke'), text, act: t('revoke'), done: () => revoke.mutate() })
  }
  return (
    <Group gap="xs">
      <Button variant="default" onClick={() => setRotating(true)}>
        {t('rotate')}
      </Button>
      <Button variant="outline" color="red" onClick={ask} loading={revoke.isPending}>
        {t('revoke')}
      </Button>
      <Rotating
        title={t('rotate')}
        text={t('rotate_is')}
        opened={rotating}
        close={() => setRotating(false)}
        rotate={rotate}
        done={(key) => {
          setRotating(false)
          setMade(key)
        }}
      />
      <Handed
        title={t('rotated', { name: found.name })}
        secret={made?.key ?? null}
        label={t('key')}
        done={() => {
          const next = made?.id
          setMade(null)
          void stored.invalidateQueries({ queryKey: ['keys'] })
          if (next) go(`/keys/${next}`)
        }}
      />
    </Group>
  )
}

function Form({ found, etag, again, fixed }: Props & { fixed: boolean }) {
  const { t } = useTranslation(['keys', 'common'])
  const stored = useQueryClient()
  const { name, scopes, allowed_networks, enabled } = found
  const form = useForm({
    initialValues: {
      name,
      scopes,
      allowed_networks,
      enabled,
      plan: found.plan ?? '',
      expires_at: toField(found.expires_at),
    },
  })
  const save = useMutation({
    mutationFn: ({ plan, expires_at, ...values }: typeof form.values) =>
      answer(
        api.PATCH('/api/v2/keys/{key_id}', {
          params: { path: { key_id: found.id }, header: { 'If-Match': etag } },
          body: {
            ...values,
            plan: plan || null,
            ...(form.isDirty('expires_at') && { expires_at: fromField(expires_at) }),
          },
        }),
      ),
    onSuccess: () => {
      tell(t('saved', { ns: 'common' }))
      void stored.invalidateQueries({ queryKey: ['keys', 'list'] })
      again()
    },
    onError: (error) => toFields(form, FIELDS, error),
  })
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack>
        {beyondFields(FIELDS, save.error) && <Failure error={save.error} again={again} />}
        <RightsFields form={form} disabled={fixed} />
        <TextInput
          type="datetime-local"
          label={t('expires_at')}
          description={t('expires_hint')}
          disabled={fixed}
          {...form.getInputProps('expires_at')}
        />
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
