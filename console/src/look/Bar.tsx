import { Group, Progress, Text } from '@mantine/core'
import { share as written } from '~/words/formats'

interface Props {
  /** From 0 to 1; more is shown as full. */
  share: number
  /** What it is a share of, for who cannot see it. */
  label: string
}

/** How much of something is used. The figure stands beside it, so that no colour has to be told. */
export function Bar({ share, label }: Props) {
  const color = share >= 1 ? 'red' : share >= 0.8 ? 'orange' : 'cyan'
  return (
    <Group gap="xs" wrap="nowrap" miw={140}>
      <Progress.Root size="lg" flex={1} miw={70}>
        <Progress.Section value={Math.min(100, share * 100)} color={color} aria-label={label} />
      </Progress.Root>
      <Text size="sm" ta="right" miw={44}>
        {written(share, 0)}
      </Text>
    </Group>
  )
}
