import { Badge, Button, Group, Paper, Stack, Switch, Text, TextInput, Title } from '@mantine/core'
import { Eraser, Pause, Play, Search } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Dialog } from '~/look/Dialog'
import { Exact } from '~/look/Exact'
import { type Column, Rows } from '~/look/Rows'
import { moment, number } from '~/words/formats'
import { filtered } from './filter'
import { type Entry, type Inspection, MOST, type Seen } from './inspection'
import { WORDS } from './words'

/** What is said on the connection, the latest first. */
export function Feed({ inspection, seen }: { inspection: Inspection; seen: Seen }) {
  const { t } = useTranslation(WORDS)
  const [text, setText] = useState('')
  const [factsOnly, setFactsOnly] = useState(false)
  const [opened, setOpened] = useState<Entry | null>(null)
  const shown = filtered(seen.entries, text, factsOnly)
  return (
    <Paper component="section" withBorder p="md" aria-labelledby="feed">
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4" id="feed">
            {t('feed')}
          </Title>
          <Group gap="xs">
            <Button
              variant={seen.paused ? 'filled' : 'default'}
              leftSection={seen.paused ? <Play size={16} aria-hidden /> : <Pause size={16} aria-hidden />}
              onClick={() => inspection.pause(!seen.paused)}
            >
              {seen.paused ? t('go_on', { count: seen.held }) : t('pause')}
            </Button>
            <Button variant="default" leftSection={<Eraser size={16} aria-hidden />} onClick={() => inspection.clear()}>
              {t('clear')}
            </Button>
          </Group>
        </Group>
        <Group align="flex-end">
          <TextInput
            type="search"
            label={t('filter')}
            leftSection={<Search size={16} aria-hidden />}
            value={text}
            maxLength={200}
            onChange={(event) => setText(event.currentTarget.value)}
            flex={1}
            maw={420}
          />
          <Switch
            label={t('facts_only')}
            checked={factsOnly}
            onChange={(event) => setFactsOnly(event.currentTarget.checked)}
            mb={8}
          />
        </Group>
        <Text size="sm" c="dimmed" data-testid="shown">
          {t('shown', { shown: number(shown.length), all: number(seen.entries.length), most: number(MOST) })}
        </Text>
        <Said entries={shown} open={setOpened} />
      </Stack>
      <Dialog title={t('message')} opened={opened !== null} close={() => setOpened(null)} size="lg">
        {opened && <Exact label={t('message')} text={JSON.stringify(opened.told, null, 2)} height={520} />}
      </Dialog>
    </Paper>
  )
}

function Said({ entries, open }: { entries: Entry[]; open: (entry: Entry) => void }) {
  const { t } = useTranslation(WORDS)
  const columns: Column<Entry>[] = [
    {
      key: 'what',
      head: t('what'),
      cell: (entry) => (
        <Text size="sm" fw={500} ff="monospace">
          {entry.told.event ?? entry.told.type}
        </Text>
      ),
    },
    { key: 'by', head: t('by'), cell: ({ by }) => <By by={by} /> },
    { key: 'channel', head: t('channel'), cell: ({ told }) => told.channel ?? '–' },
    {
      key: 'position',
      head: t('position'),
      cell: ({ told }) => (
        <Text size="xs" ff="monospace">
          {told.position ?? '–'}
        </Text>
      ),
    },
    { key: 'at', head: t('at'), cell: ({ at }) => <time dateTime={at}>{moment(at)}</time> },
    {
      key: 'open',
      head: t('actions', { ns: 'common' }),
      cell: (entry) => (
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => open(entry)}
          aria-label={t('open', { what: entry.told.event ?? entry.told.type, number: entry.number })}
        >
          JSON
        </Button>
      ),
    },
  ]
  return (
    <Rows
      caption={t('feed')}
      columns={columns}
      rows={entries}
      id={({ number }) => String(number)}
      empty={t('nothing_said')}
    />
  )
}

function By({ by }: { by: Entry['by'] }) {
  const { t } = useTranslation(WORDS)
  return (
    <Badge variant={by === 'server' ? 'default' : 'outline'} color="gray" c="inherit" tt="none">
      {t(`by_${by}`)}
    </Badge>
  )
}
