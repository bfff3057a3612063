import { Anchor, Button, Group, NativeSelect, SimpleGrid, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import { type Asked, useAsked } from '~/look/asked'
import { Dialog } from '~/look/Dialog'
import { Handed } from '~/look/Handed'
import { Moment } from '~/look/Moment'
import { Page } from '~/look/Page'
import { Pager } from '~/look/Pager'
import { Permitted } from '~/look/Permitted'
import { type Column, Rows } from '~/look/Rows'
import { Shown } from '~/look/Shown'
import { useMay } from '~/session/use'
import { type Made, NewEndpoint } from './NewEndpoint'
import { type Endpoint, useEndpoints } from './queries'
import { EndpointSign } from './Signs'
import { WORDS } from './words'

export default function Endpoints() {
  const { t } = useTranslation(WORDS)
  const may = useMay()
  const asked = useAsked()
  const go = useNavigate()
  const [opened, { open, close }] = useDisclosure()
  const [made, setMade] = useState<Made | null>(null)
  function handOver(endpoint: Made): void {
    close()
    setMade(endpoint)
  }
  return (
    <Page
      title={t('endpoints')}
      about={t('endpoints_about')}
      actions={
        may('webhooks:write') && (
          <Button leftSection={<Plus size={16} aria-hidden />} onClick={open}>
            {t('new')}
          </Button>
        )
      }
    >
      <Permitted permission="webhooks:read">
        <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} component="search">
          <NativeSelect
            label={t('state')}
            value={asked.get('enabled')}
            onChange={(event) => asked.put({ enabled: event.currentTarget.value })}
            data={[
              { value: '', label: t('all', { ns: 'common' }) },
              { value: 'true', label: t('enabled') },
              { value: 'false', label: t('disabled') },
            ]}
          />
        </SimpleGrid>
        <List asked={asked} />
        <Dialog title={t('new')} opened={opened} close={close} size="lg">
          <NewEndpoint done={handOver} />
        </Dialog>
        <Handed
          title={t('new')}
          text={t('made_text', { url: made?.url })}
          secret={made?.secret ?? null}
          label={t(made?.signing === 'v1a' ? 'public_key' : 'secret')}
          done={() => made && void go(`/endpoints/${made.id}`)}
        />
      </Permitted>
    </Page>
  )
}

function List({ asked }: { asked: Asked }) {
  const { t } = useTranslation(WORDS)
  const enabled = asked.get('enabled')
  const endpoints = useEndpoints({ enabled: enabled ? enabled === 'true' : undefined, page: asked.page })
  const columns: Column<Endpoint>[] = [
    { key: 'url', head: t('url'), cell: (endpoint) => <Named endpoint={endpoint} /> },
    { key: 'state', head: t('state'), cell: (endpoint) => <EndpointSign endpoint={endpoint} /> },
    { key: 'events', head: t('events'), cell: ({ events }) => <Asks events={events} /> },
    { key: 'created', head: t('created'), cell: ({ created_at }) => <Moment at={created_at} /> },
  ]
  return (
    <Shown of={endpoints}>
      {({ data, meta }) => (
        <>
          <Rows
            caption={t('endpoints')}
            columns={columns}
            rows={data}
            id={({ id }) => id}
            empty={enabled ? t('nothing_found', { ns: 'common' }) : t('no_endpoints')}
          />
          <Pager pagination={meta.pagination} go={(page) => asked.put({ page: String(page) })} />
        </>
      )}
    </Shown>
  )
}

function Named({ endpoint: { id, url, description } }: { endpoint: Endpoint }) {
  return (
    <div>
      <Anchor component={Link} to={`/endpoints/${id}`} size="sm" fw={500} style={{ overflowWrap: 'anywhere' }}>
        {url}
      </Anchor>
      {description && (
        <Text size="xs" c="dimmed" fw={400}>
          {description}
        </Text>
      )}
    </div>
  )
}

const FEW = 3

/** What an endpoint asks for; a long list is cut short. */
export function Asks({ events }: { events: string[] }) {
  const { t } = useTranslation(WORDS)
  const more = events.length - FEW
  return (
    <Group gap={6} title={events.join(', ')}>
      {events.slice(0, FEW).map((event) => (
        <Text key={event} size="sm" ff="monospace">
          {event}
        </Text>
      ))}
      {more > 0 && (
        <Text size="sm" c="dimmed">
          {t('and_more', { count: more })}
        </Text>
      )}
    </Group>
  )
}
