import { Button, Card, Group, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { answer, api, tagged } from '~/api/client'
import type { components } from '~/api/schema'
import { confirm } from '~/look/confirm'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { Moment } from '~/look/Moment'
import { Page } from '~/look/Page'
import { Rows } from '~/look/Rows'
import { Shown } from '~/look/Shown'
import { Tagged } from '~/look/Tagged'
import { tell } from '~/look/tell'
import { session } from '~/session/session'
import { useMay, useMe } from '~/session/use'
import { number } from '~/words/formats'
import { addWords } from '~/words/words'
import en from './en.json'
import ptBR from './pt-BR.json'

addWords('organization', en, ptBR)

type Organization = components['schemas']['OrganizationView']

const FIELDS = ['name']
const SHOWN = 10

export default function OrganizationPage() {
  const { t } = useTranslation('organization')
  const may = useMay()
  const me = useMe()
  const read = () => tagged(api.GET('/api/v2/organizations/current'))
  return (
    <Page title={t('title')} about={t('about')}>
      <Tagged queryKey={['organization']} read={read}>
        {({ data, etag, again }) => (
          <>
            <Facts of={data} />
            {may('organization:write') && <Rename of={data} etag={etag} again={again} />}
            {may('users:read') && <Members />}
            {me.data?.user_id && <Leave of={data} />}
          </>
        )}
      </Tagged>
    </Page>
  )
}

function Facts({ of: { name, slug, plan, roles, created_at } }: { of: Organization }) {
  const { t } = useTranslation('organization')
  const facts: [string, React.ReactNode][] = [
    [t('name'), name],
    [t('slug'), slug],
    [t('plan'), plan ?? t('no_plan')],
    [t('your_roles'), roles.join(', ') || '–'],
    [t('since'), <Moment key="since" at={created_at} exact />],
  ]
  return (
    <Card withBorder>
      <SimpleGrid component="dl" cols={{ base: 1, xs: 2, md: 3 }} m={0}>
        {facts.map(([term, value]) => (
          <div key={term}>
            <Text component="dt" size="sm" c="dimmed">
              {term}
            </Text>
            <Text component="dd" m={0} fw={500}>
              {value}
            </Text>
          </div>
        ))}
      </SimpleGrid>
    </Card>
  )
}

function Rename({ of, etag, again }: { of: Organization; etag: string; again: () => void }) {
  const { t } = useTranslation(['organization', 'common'])
  const stored = useQueryClient()
  const form = useForm({ initialValues: { name: of.name } })
  const save = useMutation({
    mutationFn: (body: { name: string }) =>
      answer(api.PATCH('/api/v2/organizations/current', { params: { header: { 'If-Match': etag } }, body })),
    onSuccess: () => {
      tell(t('saved', { ns: 'common' }))
      void stored.invalidateQueries({ queryKey: ['me'] })
      again()
    },
    onError: (error) => toFields(form, FIELDS, error),
  })
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack>
        {beyondFields(FIELDS, save.error) && <Failure error={save.error} again={again} />}
        <Group align="flex-end">
          <TextInput label={t('new_name')} autoComplete="off" flex={1} maw={480} {...form.getInputProps('name')} />
          <Button type="submit" loading={save.isPending} disabled={!form.isDirty()}>
            {t('rename')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function Members() {
  const { t } = useTranslation('organization')
  const query = { per_page: SHOWN }
  const members = useQuery({
    queryKey: ['users', 'list', query],
    queryFn: () => answer(api.GET('/api/v2/users', { params: { query } })),
  })
  return (
    <Stack component="section" aria-labelledby="members">
      <Title order={2} size="h4" id="members">
        {t('members')}
      </Title>
      <Shown of={members}>
        {({ data, meta }) => (
          <>
            <Rows
              caption={t('members')}
              rows={data}
              id={(user) => user.id}
              columns={[
                { key: 'name', head: t('name'), cell: (user) => user.name },
                { key: 'email', head: t('email'), cell: (user) => user.email ?? '–' },
                { key: 'roles', head: t('roles'), cell: (user) => user.roles.join(', ') },
              ]}
            />
            <Group>
              <Button component={Link} to="/users" variant="default">
                {t('all_members', {
                  count: meta.pagination?.total ?? data.length,
                  shown: number(meta.pagination?.total ?? data.length),
                })}
              </Button>
              <Button component={Link} to="/invitations" variant="default">
                {t('invitations')}
              </Button>
            </Group>
          </>
        )}
      </Shown>
    </Stack>
  )
}

function Leave({ of: { slug, name } }: { of: Organization }) {
  const { t } = useTranslation(['organization', 'common'])
  const leave = useMutation({
    mutationFn: () => api.POST('/api/v2/organizations/{slug}/leave', { params: { path: { slug } } }),
    onSuccess: () => session.leave(),
  })
  return (
    <Stack component="section" aria-labelledby="leave">
      <Title order={2} size="h4" id="leave">
        {t('leave')}
      </Title>
      <Text size="sm">{t('leave_hint')}</Text>
      {leave.error && <Failure error={leave.error} />}
      <div>
        <Button
          color="red"
          variant="light"
          loading={leave.isPending}
          onClick={() =>
            confirm(t, {
              title: t('leave'),
              text: t('leave_sure', { name }),
              act: t('leave'),
              done: () => leave.mutate(),
            })
          }
        >
          {t('leave')}
        </Button>
      </div>
    </Stack>
  )
}
