import { Badge, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { CircleCheck, CircleX, TriangleAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Failure } from '~/look/Failure'
import { useHealth } from './queries'
import { type State, stateOf } from './state'

const LOOKS = {
  ok: { color: 'teal', Icon: CircleCheck },
  degraded: { color: 'yellow', Icon: TriangleAlert },
  unavailable: { color: 'red', Icon: CircleX },
} as const

/** How each part of the house stands: in words for operators, else whether it is well. */
export function HealthParts() {
  const { t } = useTranslation('overview')
  const health = useHealth()
  const parts = Object.entries(health.data?.parts ?? {})
  if (health.error && !health.data) return <Failure error={health.error} again={() => void health.refetch()} />
  if (parts.length === 0) return null
  return (
    <Stack gap="xs" component="section" aria-labelledby="health">
      <Title order={2} size="h4" id="health">
        {t('health')}
      </Title>
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 3 }} component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
        {parts.map(([name, said]) => (
          <Part key={name} name={name} said={said} />
        ))}
      </SimpleGrid>
    </Stack>
  )
}

function Part({ name, said }: { name: string; said: string }) {
  const { t } = useTranslation('overview')
  const state: State = stateOf(name, said)
  const { color, Icon } = LOOKS[state]
  return (
    <Card withBorder padding="sm" component="li">
      <Group justify="space-between" wrap="nowrap">
        <Text fw={500} miw={0} style={{ overflowWrap: 'anywhere' }}>
          {t(`parts.${name}`, { defaultValue: name })}
        </Text>
        <Badge
          variant="default"
          flex="none"
          leftSection={<Icon size={12} color={`var(--mantine-color-${color}-6)`} aria-hidden />}
        >
          {t(`states.${state}`)}
        </Badge>
      </Group>
      {said !== state && (
        <Text size="sm" c="dimmed">
          {said}
        </Text>
      )}
    </Card>
  )
}
