import { Button, NativeSelect, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { Failure } from '~/look/Failure'
import { stretch } from '~/words/formats'
import type { Made } from './NewEndpoint'
import { useDoing } from './queries'
import { WORDS } from './words'

/** Seconds for which deliveries carry signatures of the old secret too. */
const OVERLAPS = [86_400, 3_600, 604_800, 0]

/** Makes a new secret for an endpoint, for it to be handed over. */
export function Rotate({ id, done }: { id: string; done: (made: Made) => void }) {
  const { t } = useTranslation(WORDS)
  const [overlap, setOverlap] = useState(String(OVERLAPS[0]))
  const rotating = useDoing(
    async (overlap_seconds: number, header) => {
      const params = { path: { endpoint_id: id }, header }
      const body = { overlap_seconds }
      return (await answer(api.POST('/api/v2/webhooks/endpoints/{endpoint_id}/rotate', { params, body }))).data
    },
    { done, shown: true },
  )
  return (
    <Stack>
      <Text size="sm">{t('rotate_text')}</Text>
      {rotating.error && <Failure error={rotating.error} />}
      <NativeSelect
        label={t('overlap')}
        value={overlap}
        onChange={(event) => setOverlap(event.currentTarget.value)}
        data={OVERLAPS.map((seconds) => ({
          value: String(seconds),
          label: seconds === 0 ? t('overlap_none') : stretch(seconds),
        }))}
      />
      <Button onClick={() => rotating.mutate(Number(overlap))} loading={rotating.isPending}>
        {t('rotate_act')}
      </Button>
    </Stack>
  )
}
