import { Box, Button, Grid, Group, NavLink, Stack } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { RefreshCw, Trash2 } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { api } from '~/api/client'
import { changed, useAsked } from '~/look/asked'
import { confirm } from '~/look/confirm'
import { useFailureWords } from '~/look/Failure'
import { Page } from '~/look/Page'
import { Pager } from '~/look/Pager'
import { Permitted } from '~/look/Permitted'
import { Search } from '~/look/Search'
import { Empty, Shown } from '~/look/Shown'
import { tell, tellFailure } from '~/look/tell'
import { useMay } from '~/session/use'
import { since } from '~/words/formats'
import { addWords } from '~/words/words'
import en from './en.json'
import { Letter } from './Letter'
import ptBR from './pt-BR.json'
import { type Mail, useMails } from './queries'

addWords('mails', en, ptBR)

/** Read on every ground that an entry can have: of what is chosen, and what is pointed at. */
const TEXT = { color: 'var(--mantine-color-text)', overflowWrap: 'anywhere' } as const

export default function Mails() {
  const { t } = useTranslation('mails')
  const may = useMay()
  const permission = 'development:use'
  return (
    <Page title={t('title')} about={t('about')} actions={may(permission) && <Actions />}>
      <Permitted permission={permission}>
        <Panes />
      </Permitted>
    </Page>
  )
}

function Panes() {
  const { t } = useTranslation('mails')
  const { get, put, page } = useAsked()
  const [search, chosen] = [get('search'), get('id')]
  const mails = useMails({ search: search || undefined, page })
  useTold(mails.data?.data, `${search} ${page}`)
  const others = String(page > 1 ? page : '')
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, md: 5 }} visibleFrom={chosen ? 'md' : undefined}>
        <Stack>
          <Search label={t('search_label')} value={search} put={(text) => put({ search: text })} />
          <Shown of={mails}>
            {({ data, meta }) => (
              <Stack gap="xs">
                <Listed mails={data} chosen={chosen} searched={search !== ''} />
                <Pager pagination={meta.pagination} go={(to) => put({ page: String(to) })} />
              </Stack>
            )}
          </Shown>
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 7 }} visibleFrom={chosen ? undefined : 'md'}>
        {chosen ? (
          <Letter key={chosen} id={chosen} close={() => put({ id: null, page: others })} />
        ) : (
          <Empty>{t('choose')}</Empty>
        )}
      </Grid.Col>
    </Grid>
  )
}

function Listed({ mails, chosen, searched }: { mails: Mail[]; chosen: string; searched: boolean }) {
  const { t } = useTranslation(['mails', 'common'])
  const [query] = useSearchParams()
  const here = { page: query.get('page') }
  if (mails.length === 0) return <Empty>{searched ? t('nothing_found', { ns: 'common' }) : t('nobody_wrote')}</Empty>
  return (
    <Box component="nav" aria-label={t('list')}>
      {mails.map((mail) => (
        <NavLink
          key={mail.id}
          component={Link}
          to={`?${changed(query, { ...here, id: mail.id })}`}
          active={mail.id === chosen}
          aria-current={mail.id === chosen ? 'true' : undefined}
          label={mail.subject || t('no_subject')}
          description={`${mail.to.join(', ')} · ${since(mail.received_at)}`}
          styles={{ label: TEXT, description: TEXT }}
        />
      ))}
    </Box>
  )
}

/** Say it when the newest mail is one that was not there before, where the same was `asked` for. */
function useTold(mails: Mail[] | undefined, asked: string): void {
  const { t } = useTranslation('mails')
  const known = useRef<{ asked: string; id: string } | null>(null)
  const newest = mails?.[0]
  useEffect(() => {
    const before = known.current
    if (!mails) return
    known.current = { asked, id: newest?.id ?? '' }
    if (before?.asked === asked && newest && newest.id > before.id) tell(t('came', { subject: newest.subject }))
  }, [mails, newest, asked, t])
}

function Actions() {
  const { t } = useTranslation(['mails', 'common'])
  const words = useFailureWords()
  const client = useQueryClient()
  const empty = useMutation({
    mutationFn: () => api.DELETE('/api/v2/development/mails'),
    onSuccess: () => tell(t('all_deleted')),
    onError: (error) => tellFailure(words(error)),
    onSettled: () => client.invalidateQueries({ queryKey: ['mails', 'list'] }),
  })
  const ask = () =>
    confirm(t, { title: t('empty_title'), text: t('empty_text'), act: t('empty_act'), done: () => empty.mutate() })
  return (
    <Group gap="xs">
      <Button
        variant="default"
        leftSection={<RefreshCw size={16} aria-hidden />}
        onClick={() => void client.invalidateQueries({ queryKey: ['mails', 'list'] })}
      >
        {t('refresh', { ns: 'common' })}
      </Button>
      <Button variant="default" leftSection={<Trash2 size={16} aria-hidden />} onClick={ask} loading={empty.isPending}>
        {t('empty_act')}
      </Button>
    </Group>
  )
}
