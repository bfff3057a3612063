import { Badge, Button, Group, Paper, Stack, Text, TextInput, Title } from '@mantine/core'
import { Plug, Radio, Send, Unplug } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Inspection, Seen } from './inspection'
import { WORDS } from './words'

interface Props {
  inspection: Inspection
  seen: Seen
}

/** How the connection stands, how the last one ended, and what one can say on it. */
export function Line({ inspection, seen }: Props) {
  const { t } = useTranslation(WORDS)
  const open = seen.standing === 'open'
  return (
    <Paper component="section" withBorder p="md" h="100%" aria-labelledby="line">
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4" id="line">
            {t('connection')}
          </Title>
          <div role="status">
            <Badge
              variant={open ? 'light' : 'outline'}
              color={open ? 'teal' : 'gray'}
              tt="none"
              leftSection={<Radio size={12} aria-hidden />}
              data-testid="standing"
              data-standing={seen.standing}
            >
              {t(`standing_${seen.standing}`)}
            </Badge>
          </div>
        </Group>
        <Group gap="lg">
          <Text size="sm">{t('reconnects', { count: seen.reconnects })}</Text>
          {seen.standing === 'closed' ? (
            <Button size="xs" leftSection={<Plug size={14} aria-hidden />} onClick={() => inspection.enter()}>
              {t('connect')}
            </Button>
          ) : (
            <Button
              size="xs"
              variant="default"
              leftSection={<Unplug size={14} aria-hidden />}
              onClick={() => inspection.leave()}
            >
              {t('disconnect')}
            </Button>
          )}
          <Button size="xs" variant="default" disabled={!open} onClick={() => inspection.say({ type: 'ping' })}>
            {t('ping')}
          </Button>
        </Group>
        {seen.ended && <Ended ended={seen.ended} />}
        <Echo open={open} say={(text) => inspection.say({ type: 'echo', text })} />
      </Stack>
    </Paper>
  )
}

function Ended({ ended: { code, reason } }: { ended: NonNullable<Seen['ended']> }) {
  const { t } = useTranslation(WORDS)
  return (
    <Text size="sm" data-testid="ended">
      {t('ended', { code })} {t(`close_${code}`, { defaultValue: t('close_other') })}
      {reason && (
        <Text span c="dimmed" size="sm">
          {' '}
          ({reason})
        </Text>
      )}
    </Text>
  )
}

function Echo({ open, say }: { open: boolean; say: (text: string) => void }) {
  const { t } = useTranslation(WORDS)
  const [text, setText] = useState('')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        say(text)
      }}
    >
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <TextInput
          label={t('echo')}
          value={text}
          maxLength={1000}
          onChange={(event) => setText(event.currentTarget.value)}
          flex={1}
        />
        <Button type="submit" variant="default" disabled={!open} leftSection={<Send size={14} aria-hidden />}>
          {t('echo_act')}
        </Button>
      </Group>
    </form>
  )
}
