import { Skeleton, Stack, Text, VisuallyHidden } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Failure } from './Failure'

interface Props<T> {
  /** What was asked for. */
  of: Pick<UseQueryResult<T>, 'data' | 'error' | 'isPending' | 'refetch'>
  children: (data: T) => ReactNode
}

/**
 * What was asked for once it is there; before that its outline. A failure stands above what was shown before it,
 * which stays.
 */
export function Shown<T>({ of: { data, error, isPending, refetch }, children }: Props<T>) {
  return (
    <Stack gap="md">
      {error && <Failure error={error} again={() => void refetch()} />}
      {data !== undefined ? children(data) : isPending && !error && <Outline />}
    </Stack>
  )
}

/** That something is being loaded, for the eye and for who listens. */
export function Outline({ lines = 4 }: { lines?: number }) {
  const { t } = useTranslation()
  return (
    <Stack gap="xs" role="status">
      <VisuallyHidden>{t('loading')}</VisuallyHidden>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike and never change places
        <Skeleton key={line} height={20} radius="sm" />
      ))}
    </Stack>
  )
}

/** That there is nothing, and what to do about it. */
export function Empty({ children }: { children?: ReactNode }) {
  const { t } = useTranslation()
  return (
    <Text c="dimmed" ta="center" py="xl">
      {children ?? t('empty')}
    </Text>
  )
}
