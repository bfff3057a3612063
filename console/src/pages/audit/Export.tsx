import { Alert, Button, Group, Progress, Stack, Text } from '@mantine/core'
import { Download } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Failure } from '~/look/Failure'
import { number } from '~/words/formats'
import { HEAD, lines } from './csv'
import type { AuditQuery } from './filters'
import { MOST, reader, take } from './taking'

type State = { at: 'ready' } | { at: 'taking'; count: number } | { at: 'done'; count: number; more: boolean }

/** Everything that fits the filters, as a file of comma-separated values that this browser makes. */
export function Export({ query }: { query: AuditQuery }) {
  const { t } = useTranslation(['audit', 'common'])
  const [state, setState] = useState<State>({ at: 'ready' })
  const [error, setError] = useState<unknown>(null)
  const running = useRef<AbortController | null>(null)
  useEffect(() => () => running.current?.abort(), [])

  async function start(): Promise<void> {
    const control = new AbortController()
    running.current = control
    setError(null)
    setState({ at: 'taking', count: 0 })
    try {
      const told = (count: number) => setState({ at: 'taking', count })
      const { entries, more } = await take(reader(query), control.signal, told)
      save(HEAD + lines(entries))
      setState({ at: 'done', count: entries.length, more })
    } catch (failure) {
      setState({ at: 'ready' })
      if (!control.signal.aborted) setError(failure)
    }
  }

  return (
    <Stack>
      <Text size="sm">{t('export_hint', { most: number(MOST) })}</Text>
      {error !== null && <Failure error={error} again={() => void start()} />}
      {state.at === 'taking' && (
        <>
          <Progress.Root size="lg">
            <Progress.Section value={(100 * state.count) / MOST} animated aria-label={t('export')} />
          </Progress.Root>
          <Text size="sm" role="status">
            {t('taken', { count: state.count, shown: number(state.count) })}
          </Text>
        </>
      )}
      {state.at === 'done' && (
        <Alert color={state.more ? 'yellow' : 'teal'} role="status">
          {t('exported', { count: state.count, shown: number(state.count) })} {state.more && t('there_is_more')}
        </Alert>
      )}
      <Group justify="flex-end">
        {state.at === 'taking' ? (
          <Button variant="default" onClick={() => running.current?.abort()}>
            {t('cancel', { ns: 'common' })}
          </Button>
        ) : (
          <Button leftSection={<Download size={16} aria-hidden />} onClick={() => void start()}>
            {t('make_file')}
          </Button>
        )}
      </Group>
    </Stack>
  )
}

function save(text: string): void {
  // The mark at its beginning tells spreadsheets that it is UTF-8.
  const address = URL.createObjectURL(new Blob(['\ufeff', text], { type: 'text/csv;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = address
  link.download = `audit-${new Date().toISOString().slice(0, 10)}.csv`
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
