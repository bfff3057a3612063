import { Badge, Button, Group, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { queries } from '~/api/queries'
import { confirm } from '~/look/confirm'
import { Failure } from '~/look/Failure'
import { Page } from '~/look/Page'
import { type Column, Rows } from '~/look/Rows'
import { Shown } from '~/look/Shown'
import { tell } from '~/look/tell'
import { useMe } from '~/session/use'
import { NewOrganization } from './NewOrganization'
import { useTranslated } from './refusals'
import { switchTo } from './switching'
import { useWays } from './ways'
import { WORDS } from './words'

interface Organization {
  slug: string
  name: string
  roles: string[]
  current: boolean
}

/** The organisations of who is signed in: in which one to act, a new one, leaving one. */
export default function Organizations() {
  const { t } = useTranslation(WORDS)
  const { data: me } = useMe()
  const { data: ways } = useWays()
  const mine = useQuery({
    queryKey: ['organizations'],
    queryFn: async () => (await answer(api.GET('/api/v2/organizations'))).data,
  })
  const elsewhere = me?.proof === 'oidc'
  return (
    <Page
      title={t('organizations')}
      about={t('organizations_about')}
      actions={ways?.organizations_open && !elsewhere && <NewOrganization />}
    >
      {elsewhere && <Text>{t('switch_elsewhere')}</Text>}
      <Shown of={mine}>{(all) => <Listed all={all} fixed={elsewhere} />}</Shown>
    </Page>
  )
}

function Listed({ all, fixed }: { all: Organization[]; fixed: boolean }) {
  const { t } = useTranslation(WORDS)
  const translated = useTranslated()
  const switching = useMutation({
    mutationFn: (one: Organization) => switchTo(one.slug),
    onSuccess: (_, { name }) => tell(t('switched', { name })),
  })
  const leaving = useMutation({
    mutationFn: ({ slug }: Organization) =>
      answer(api.POST('/api/v2/organizations/{slug}/leave', { params: { path: { slug } } })),
    onSuccess: (_, { name }) => {
      tell(t('left_organization', { name }))
      return queries.invalidateQueries({ queryKey: ['organizations'] })
    },
  })
  const ask = (one: Organization) =>
    confirm(t, {
      title: t('leave_name', { name: one.name }),
      text: t('leave_ask', { name: one.name }),
      act: t('leave'),
      done: () => leaving.mutate(one),
    })
  const columns: Column<Organization>[] = [
    { key: 'name', head: t('name'), cell: ({ name }) => name },
    { key: 'slug', head: t('slug'), cell: ({ slug }) => slug },
    { key: 'roles', head: t('roles'), cell: ({ roles }) => roles.join(', ') },
    {
      key: 'actions',
      head: t('actions', { ns: 'common' }),
      cell: (one) =>
        one.current ? (
          <Badge variant="light" tt="none">
            {t('current')}
          </Badge>
        ) : (
          !fixed && (
            <Group gap="xs" wrap="nowrap">
              <Button
                size="xs"
                aria-label={t('switch_to', { name: one.name })}
                loading={switching.isPending}
                onClick={() => switching.mutate(one)}
              >
                {t('switch')}
              </Button>
              <Button
                size="xs"
                variant="default"
                aria-label={t('leave_name', { name: one.name })}
                onClick={() => ask(one)}
              >
                {t('leave')}
              </Button>
            </Group>
          )
        ),
    },
  ]
  const error = switching.error ?? leaving.error
  return (
    <>
      {error && <Failure error={translated(error)} />}
      <Rows caption={t('organizations')} columns={columns} rows={all} id={({ slug }) => slug} />
    </>
  )
}
