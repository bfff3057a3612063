import { Anchor, Button, Code, Group, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { moment } from '~/words/formats'
import type { Entry } from './Audit'

interface Props {
  entry: Entry
  /** Look for other entries like this one. */
  filter: (changes: Record<string, string>) => void
}

export function EntryDetail({ entry, filter }: Props) {
  const { t } = useTranslation('audit')
  const facts: [string, ReactNode][] = [
    [t('at'), moment(entry.at)],
    [t('outcome'), t(`outcomes.${entry.outcome}`)],
    [t('actor'), <Place key="actor" id={entry.actor} label={entry.actor_label} />],
    [t('subject'), <Place key="subject" id={entry.subject} label={entry.subject_label} />],
    [t('address'), entry.address ?? '–'],
    [t('request'), entry.request_id ?? '–'],
    [t('trace'), entry.trace_id ?? '–'],
    [t('entry'), entry.id],
  ]
  return (
    <Stack>
      <dl style={{ margin: 0 }}>
        {facts.map(([term, value]) => (
          <Group key={term} wrap="nowrap" align="baseline" gap="sm" component="div">
            <Text component="dt" size="sm" c="dimmed" w={110} flex="none">
              {term}
            </Text>
            <Text component="dd" size="sm" m={0} style={{ overflowWrap: 'anywhere' }}>
              {value}
            </Text>
          </Group>
        ))}
      </dl>
      <Text size="sm" c="dimmed">
        {t('what')}
      </Text>
      <Code block tabIndex={0}>
        {JSON.stringify(entry.details, null, 2)}
      </Code>
      <Group>
        <Button size="xs" variant="default" onClick={() => filter({ actor: entry.actor })}>
          {t('of_actor')}
        </Button>
        <Button size="xs" variant="default" onClick={() => filter({ subject: entry.subject })}>
          {t('of_subject')}
        </Button>
        {entry.request_id && (
          <Button size="xs" variant="default" onClick={() => filter({ request_id: entry.request_id as string })}>
            {t('of_request')}
          </Button>
        )}
      </Group>
    </Stack>
  )
}

/** What people know it by, and its id: a link to where the console shows it, where there is such a place. */
function Place({ id, label }: { id: string; label?: string | null }) {
  const [kind, name] = id.split(':')
  const place =
    kind === 'user' && name
      ? `/users?user=${encodeURIComponent(name)}`
      : kind === 'role' && name
        ? `/roles?role=${encodeURIComponent(name)}`
        : null
  return (
    <>
      {label && `${label} · `}
      {place ? (
        <Anchor component={Link} to={place} inherit underline="always">
          {id}
        </Anchor>
      ) : (
        id
      )}
    </>
  )
}
