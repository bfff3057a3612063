import { Progress, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Order } from './api'

/** How many of the pictures that are being drawn are done. */
export function Made({ progress }: { progress: Order['progress'] }) {
  const { t } = useTranslation()
  if (!progress) return null
  const { done, total } = progress
  return (
    <Stack gap={4}>
      <Progress
        value={total > 0 ? (done / total) * 100 : 0}
        size="lg"
        animated
        striped
        aria-label={t('progress_label')}
      />
      <Text size="sm">{t('progress', { done, total })}</Text>
    </Stack>
  )
}
