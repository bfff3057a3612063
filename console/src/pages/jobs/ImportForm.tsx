import { Button, Code, FileInput, Group, List, Progress, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { FileUp } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { Problem } from '~/api/problem'
import { Failure } from '~/look/Failure'
import { bytes } from '~/words/formats'
import { sendFile } from './sending'
import { WORDS } from './words'

/** Sends a CSV file and says how far it is; leads to where it is worked off. */
export function ImportForm() {
  const { t } = useTranslation(WORDS)
  const go = useNavigate()
  const [file, setFile] = useState<File | null>(null)
  const [missing, setMissing] = useState(false)
  const [share, setShare] = useState(0)
  const stop = useRef<AbortController | null>(null)
  useEffect(() => () => stop.current?.abort(), [])
  const sending = useMutation({
    mutationFn: (chosen: File) => {
      stop.current = new AbortController()
      setShare(0)
      const { signal } = stop.current
      return sendFile<{ id: string }>('/api/v2/pets/import', 'text/csv', { file: chosen, onShare: setShare, signal })
    },
    onSuccess: ({ id }) => go(`/jobs/${id}`),
  })
  function submit(event: React.FormEvent): void {
    event.preventDefault()
    setMissing(!file)
    if (file) sending.mutate(file)
  }
  const calledOff = sending.error instanceof DOMException
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <Text size="sm">{t('import_text')}</Text>
        <Code block>{'name,species,weight_kg\nRex,dog,12.5\nMimi,cat,'}</Code>
        <FileInput
          label={t('file')}
          placeholder={t('file_choose')}
          accept="text/csv,.csv"
          value={file}
          onChange={(chosen) => {
            setFile(chosen)
            setMissing(false)
            sending.reset()
          }}
          error={missing && t('file_missing')}
          description={file ? bytes(file.size) : undefined}
          leftSection={<FileUp size={16} aria-hidden />}
          disabled={sending.isPending}
          required
        />
        {sending.isPending && (
          <div>
            <Progress value={Math.round(share * 100)} aria-label={t('sent')} size="lg" data-testid="sent" />
            <Text size="sm" c="dimmed" role="status" mt={4}>
              {share < 1 ? t('sending') : t('checking')}
            </Text>
          </div>
        )}
        {sending.error && !calledOff && <Refusal error={sending.error} />}
        <Group justify="flex-end">
          {sending.isPending && (
            <Button variant="default" onClick={() => stop.current?.abort()}>
              {t('cancel', { ns: 'common' })}
            </Button>
          )}
          <Button type="submit" loading={sending.isPending}>
            {t('import_act')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

const MOST = 10

/** A file that cannot be read is refused with the lines that are to blame. */
function Refusal({ error }: { error: Error }) {
  const lines = error instanceof Problem ? error.errors.filter(({ message }) => message !== error.message) : []
  return (
    <Stack gap="xs">
      <Failure error={error} />
      {lines.length > 0 && (
        <List size="sm">
          {lines.slice(0, MOST).map(({ field, message }) => (
            <List.Item key={`${field} ${message}`}>{field ? `${field}: ${message}` : message}</List.Item>
          ))}
        </List>
      )}
    </Stack>
  )
}
