import { Badge, Button, Group, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight, Download } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import type { components } from '~/api/schema'
import { type Asked, useAsked } from '~/look/asked'
import { Dialog } from '~/look/Dialog'
import { Moment } from '~/look/Moment'
import { Page } from '~/look/Page'
import { Permitted } from '~/look/Permitted'
import { type Column, Rows } from '~/look/Rows'
import { Shown } from '~/look/Shown'
import { useMay } from '~/session/use'
import { addWords } from '~/words/words'
import { EntryDetail } from './EntryDetail'
import { Export } from './Export'
import en from './en.json'
import { Filters } from './Filters'
import { queryOf } from './filters'
import ptBR from './pt-BR.json'

addWords('audit', en, ptBR)

export type Entry = components['schemas']['AuditView']

const A_PAGE = 50

/** Who did what to whom, when, from where: found, read and taken along. */
export default function Audit() {
  const { t } = useTranslation('audit')
  const may = useMay()('audit:read')
  const asked = useAsked()
  const [exporting, setExporting] = useState(false)
  return (
    <Page
      title={t('title')}
      about={t('about')}
      actions={
        may && (
          <Button variant="default" leftSection={<Download size={16} aria-hidden />} onClick={() => setExporting(true)}>
            {t('export')}
          </Button>
        )
      }
    >
      <Permitted permission="audit:read">
        <Filters asked={asked} />
        <Entries asked={asked} />
        <Dialog title={t('export')} opened={exporting} close={() => setExporting(false)}>
          <Export query={queryOf(asked.get)} />
        </Dialog>
      </Permitted>
    </Page>
  )
}

function Entries({ asked }: { asked: Asked }) {
  const { t } = useTranslation(['audit', 'common'])
  const [opened, setOpened] = useState<Entry | null>(null)
  const query = { ...queryOf(asked.get), cursor: asked.get('cursor') || undefined, limit: A_PAGE }
  const entries = useQuery({
    queryKey: ['audit', query],
    queryFn: () => answer(api.GET('/api/v2/audit', { params: { query } })),
    placeholderData: keepPreviousData,
  })
  const columns: Column<Entry>[] = [
    { key: 'at', head: t('at'), cell: (entry) => <Moment at={entry.at} exact /> },
    { key: 'action', head: t('action'), cell: (entry) => entry.action },
    { key: 'outcome', head: t('outcome'), cell: (entry) => <Outcome of={entry} /> },
    { key: 'actor', head: t('actor'), cell: (entry) => <Named text={entry.actor} label={entry.actor_label} /> },
    { key: 'subject', head: t('subject'), cell: (entry) => <Named text={entry.subject} label={entry.subject_label} /> },
    {
      key: 'actions',
      head: t('details', { ns: 'common' }),
      cell: (entry) => (
        <Button
          size="xs"
          variant="default"
          onClick={() => setOpened(entry)}
          aria-label={t('details_of', { action: entry.action, subject: entry.subject })}
        >
          {t('open')}
        </Button>
      ),
    },
  ]
  return (
    <>
      <Shown of={entries}>
        {({ data, meta }) => (
          <>
            <Rows
              caption={t('title')}
              columns={columns}
              rows={data}
              id={(entry) => entry.id}
              empty={t('nothing_found', { ns: 'common' })}
            />
            <Steps
              // A place in the list that was asked for before is none in the one that is on its way.
              prev={entries.isPlaceholderData ? null : (meta.pagination?.prev ?? null)}
              next={entries.isPlaceholderData ? null : (meta.pagination?.next ?? null)}
              go={(cursor) => asked.put({ cursor })}
            />
          </>
        )}
      </Shown>
      <Dialog title={opened?.action ?? ''} opened={opened !== null} close={() => setOpened(null)} size="lg">
        {opened && (
          <EntryDetail
            entry={opened}
            filter={(changes) => {
              setOpened(null)
              asked.put(changes)
            }}
          />
        )}
      </Dialog>
    </>
  )
}

/** Ids are long: they break where they must and are read as they are, below what people know them by. */
export function Named({ text, label }: { text: string; label?: string | null }) {
  return (
    <span style={{ overflowWrap: 'anywhere' }}>
      {label ?? text}
      {label && (
        <Text span display="block" size="xs" c="dimmed">
          {text}
        </Text>
      )}
    </span>
  )
}

function Outcome({ of: { outcome } }: { of: Entry }) {
  const { t } = useTranslation('audit')
  return outcome === 'done' ? (
    t('outcomes.done')
  ) : (
    <Badge color="red" variant="light">
      {t('outcomes.refused')}
    </Badge>
  )
}

interface StepsProps {
  prev: string | null
  next: string | null
  go: (cursor: string) => void
}

function Steps({ prev, next, go }: StepsProps) {
  const { t } = useTranslation('audit')
  return (
    <Group justify="space-between">
      <Button
        variant="default"
        disabled={!prev}
        onClick={() => go(prev as string)}
        leftSection={<ChevronLeft size={16} aria-hidden />}
      >
        {t('newer')}
      </Button>
      <Button
        variant="default"
        disabled={!next}
        onClick={() => go(next as string)}
        rightSection={<ChevronRight size={16} aria-hidden />}
      >
        {t('older')}
      </Button>
    </Group>
  )
}
