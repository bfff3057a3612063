import { Accordion, Anchor, Badge, Button, Card, Code, Group, Stack, Text, Title } from '@mantine/core'
import { CircleCheck, CircleSlash, Unplug } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api } from '~/api/client'
import { number } from '~/words/formats'
import { Calls } from './Calls'
import { Faults } from './Faults'
import { type StandIn, useSwitch, useTelling } from './queries'

const LOOKS = {
  playing: { color: 'teal', icon: CircleCheck },
  refusing: { color: 'orange', icon: Unplug },
  silent: { color: 'red', icon: CircleSlash },
} as const

/** One party outside: how it is, and everything that can be switched of it. */
export function Party({ party }: { party: StandIn }) {
  const { t } = useTranslation('stand_ins')
  const id = `party-${party.name}`
  return (
    <Card withBorder component="section" aria-labelledby={id}>
      <Stack>
        <Group justify="space-between" wrap="nowrap">
          <Title order={2} size="h4" id={id}>
            {party.title}
          </Title>
          <State state={party.state} />
        </Group>
        <div>
          <Code>{party.url}</Code>
          {party.calls !== null && (
            <Text size="sm">{t('calls', { count: party.calls, shown: number(party.calls) })}</Text>
          )}
          {party.name === 'smtp' && (
            <Anchor component={Link} to="/mails" size="sm">
              {t('to_mails')}
            </Anchor>
          )}
        </div>
        {party.state === 'silent' ? (
          <Text>{t('silent_text')}</Text>
        ) : (
          <>
            <Switched party={party} />
            <Acts party={party} />
            <More party={party} />
          </>
        )}
      </Stack>
    </Card>
  )
}

function State({ state }: { state: StandIn['state'] }) {
  const { t } = useTranslation('stand_ins')
  const { color, icon: Icon } = LOOKS[state]
  return (
    <Badge color={color} variant="outline" leftSection={<Icon size={12} aria-hidden />} c="inherit">
      {t(`state_${state}`)}
    </Badge>
  )
}

/** The faults that are on, wherever they are on. */
function Switched({ party }: { party: StandIn }) {
  const { t } = useTranslation('stand_ins')
  const turn = useSwitch(party.name)
  return (
    <div role="status">
      {party.switched.length === 0 && <Text size="sm">{t('no_fault')}</Text>}
      <Stack gap={4}>
        {party.switched.map(({ fault, path, seconds }) => (
          <Group key={fault + path} gap="xs">
            <Text size="sm" fw={600}>
              {path === '/' ? t('everywhere', { fault }) : t('on_path', { fault, path })}
              {seconds !== null && ` (${t('for_seconds', { count: seconds })})`}
            </Text>
            <Button
              size="compact-sm"
              variant="default"
              loading={turn.isPending}
              onClick={() => turn.mutate({ fault, path, on: false })}
              aria-label={t('end_fault', { fault, path })}
            >
              {t('end')}
            </Button>
          </Group>
        ))}
      </Stack>
    </div>
  )
}

function Acts({ party }: { party: StandIn }) {
  const { t } = useTranslation('stand_ins')
  const act = useTelling(
    (name: string) =>
      api.POST('/api/v2/development/stand-ins/{name}/acts/{act}', {
        params: { path: { name: party.name, act: name } },
      }),
    t('done'),
  )
  return (
    <Group gap="xs">
      {party.acts.map(({ act: name, words }) => (
        <Button
          key={name}
          size="compact-md"
          variant="default"
          title={words}
          loading={act.isPending && act.variables === name}
          onClick={() => act.mutate(name)}
        >
          {t(`act_${name}`, words)}
        </Button>
      ))}
    </Group>
  )
}

function More({ party }: { party: StandIn }) {
  const { t } = useTranslation('stand_ins')
  const [open, setOpen] = useState<string[]>([])
  return (
    <Accordion multiple variant="contained" value={open} onChange={setOpen} order={3} keepMounted={false}>
      <Accordion.Item value="faults">
        <Accordion.Control>{t('faults')}</Accordion.Control>
        <Accordion.Panel>
          <Faults party={party} />
        </Accordion.Panel>
      </Accordion.Item>
      <Accordion.Item value="calls">
        <Accordion.Control>{t('calls_by_path')}</Accordion.Control>
        <Accordion.Panel>
          <Calls name={party.name} title={party.title} shown={open.includes('calls')} />
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  )
}
