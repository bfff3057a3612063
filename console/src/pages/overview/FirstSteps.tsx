import { Anchor, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { ArrowRight, BookOpen, CircleUser, KeyRound, PawPrint } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { prefix } from '~/place'
import { useMay, useProduct } from '~/session/use'

/** Where to begin, for a house that nothing was done with yet and for who may not see figures. */
export function FirstSteps() {
  const { t } = useTranslation('overview')
  const may = useMay()
  const pets = useProduct('pets')
  return (
    <Stack gap="xs" component="section" aria-labelledby="steps">
      <Title order={2} size="h4" id="steps">
        {t('steps')}
      </Title>
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
        {may('keys:write') && <Step icon={<KeyRound aria-hidden />} name="key" to="/keys" />}
        {pets && <Step icon={<PawPrint aria-hidden />} name="pets" to="/pets" />}
        <Step icon={<BookOpen aria-hidden />} name="docs" href={`${prefix}/docs`} />
        <Step icon={<CircleUser aria-hidden />} name="account" to="/account" />
      </SimpleGrid>
    </Stack>
  )
}

function Step({ icon, name, to, href }: { icon: ReactNode; name: string; to?: string; href?: string }) {
  const { t } = useTranslation('overview')
  const words = (
    <Group gap={4} wrap="nowrap" component="span">
      {t(`step.${name}`)} <ArrowRight size={14} aria-hidden />
    </Group>
  )
  return (
    <Card withBorder padding="sm">
      <Group gap="sm" wrap="nowrap" align="flex-start">
        {icon}
        <div>
          {to ? (
            <Anchor component={Link} to={to} fw={500}>
              {words}
            </Anchor>
          ) : (
            <Anchor href={href} fw={500}>
              {words}
            </Anchor>
          )}
          <Text size="sm" c="dimmed">
            {t(`step_is.${name}`)}
          </Text>
        </div>
      </Group>
    </Card>
  )
}
