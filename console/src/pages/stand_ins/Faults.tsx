import { Group, NumberInput, Stack, Switch, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Fault, type StandIn, useSwitch } from './queries'

/** A switch for each fault that the party can have; on a path, where one is given. */
export function Faults({ party }: { party: StandIn }) {
  const { t } = useTranslation('stand_ins')
  const [path, setPath] = useState('')
  const [seconds, setSeconds] = useState<number | undefined>()
  const turn = useSwitch(party.name)
  const wrong = path !== '' && !path.startsWith('/')

  function toggle(fault: Fault, on: boolean): void {
    const where = on && !fault.path ? undefined : path || undefined
    turn.mutate({ fault: fault.fault, on, path: where, seconds: on && fault.timed ? seconds : undefined })
  }

  return (
    <Stack>
      <Group grow align="flex-start">
        <TextInput
          label={t('path')}
          description={t(party.name === 'smtp' ? 'path_mail' : 'path_text')}
          value={path}
          onChange={(event) => setPath(event.currentTarget.value)}
          error={wrong && t('path_wrong')}
          maxLength={200}
        />
        <NumberInput
          label={t('seconds')}
          description={t('seconds_text')}
          value={seconds ?? ''}
          onChange={(value) => setSeconds(value === '' ? undefined : Number(value))}
          min={0.1}
          max={3600}
        />
      </Group>
      {party.faults.map((fault) => (
        <Switch
          key={fault.fault}
          label={fault.fault}
          description={<span lang="en">{fault.words}</span>}
          checked={isOn(party, fault, path)}
          disabled={wrong}
          onChange={(event) => toggle(fault, event.currentTarget.checked)}
          styles={{ description: { color: 'var(--mantine-color-dimmed)' } }}
        />
      ))}
    </Stack>
  )
}

function isOn(party: StandIn, fault: Fault, path: string): boolean {
  return party.switched.some((one) => one.fault === fault.fault && (path === '' || one.path === path))
}
