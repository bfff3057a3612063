import { ActionIcon, Autocomplete, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { number } from '~/words/formats'
import { isChannel, offered } from './filter'
import type { Inspection, Listened, Seen } from './inspection'
import { WORDS } from './words'

/** What is listened to, where it stands, and what else could be. */
export function Channels({ inspection, seen: { channels } }: { inspection: Inspection; seen: Seen }) {
  const { t } = useTranslation(WORDS)
  return (
    <Paper component="section" withBorder p="md" h="100%" aria-labelledby="channels">
      <Stack gap="sm">
        <Title order={2} size="h4" id="channels">
          {t('channels')}
        </Title>
        <Choose listen={(name) => inspection.listen(name)} />
        {channels.length === 0 && (
          <Text size="sm" c="dimmed">
            {t('no_channels')}
          </Text>
        )}
        <Stack component="ul" gap={4} m={0} p={0} style={{ listStyle: 'none' }}>
          {channels.map((one) => (
            <Group component="li" key={one.name} justify="space-between" wrap="nowrap" data-testid="channel">
              <div>
                <Text size="sm" fw={600} ff="monospace" style={{ overflowWrap: 'anywhere' }}>
                  {one.name}
                </Text>
                <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                  <Standing one={one} />
                </Text>
              </div>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t('stop', { name: one.name })}
                onClick={() => inspection.stop(one.name)}
              >
                <X size={16} aria-hidden />
              </ActionIcon>
            </Group>
          ))}
        </Stack>
      </Stack>
    </Paper>
  )
}

function Standing({ one: { state, facts, position, words } }: { one: Listened }) {
  const { t } = useTranslation(WORDS)
  if (state === 'refused') return <>{t('refused', { words })}</>
  if (state === 'asked') return <>{t('asked')}</>
  return <>{`${t('facts', { count: facts, number: number(facts) })} · ${position}`}</>
}

function Choose({ listen }: { listen: (name: string) => void }) {
  const { t } = useTranslation(WORDS)
  const [name, setName] = useState('')
  const [wrong, setWrong] = useState(false)
  const known = useQuery({
    queryKey: ['realtime', 'channels'],
    queryFn: async () => (await answer(api.GET('/api/v2/realtime/channels'))).data,
    staleTime: Number.POSITIVE_INFINITY,
  })
  function submit(event: React.FormEvent): void {
    event.preventDefault()
    const asked = name.trim()
    setWrong(!isChannel(asked))
    if (!isChannel(asked)) return
    listen(asked)
    setName('')
  }
  return (
    <form onSubmit={submit} noValidate>
      <Group gap="xs" align="flex-start" wrap="nowrap">
        <Autocomplete
          label={t('channel')}
          description={t('channel_text')}
          inputWrapperOrder={['label', 'input', 'error', 'description']}
          data={offered((known.data ?? []).map((one) => one.name))}
          value={name}
          onChange={(value) => {
            setName(value)
            setWrong(false)
          }}
          error={wrong && t('channel_wrong')}
          maxLength={200}
          flex={1}
        />
        <Button type="submit" variant="default" mt={25} leftSection={<Plus size={16} aria-hidden />}>
          {t('listen')}
        </Button>
      </Group>
    </form>
  )
}
