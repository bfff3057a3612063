import { Box, Container, Group, Paper, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { Page } from '~/look/Page'
import { prefix } from '~/place'
import { Choices } from './Choices'

/** What stands around the pages of who is not signed in yet. */
export function Entrance({ title, about, children }: { title: string; about?: ReactNode; children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <>
      <Box component="header" px="md" py="xs">
        <Group justify="space-between">
          <Text component={Link} to="/" fw={700} c="inherit" td="none">
            <Group gap={8} wrap="nowrap">
              <img src={`${prefix}/docs/assets/icon.svg`} alt="" width={24} height={24} />
              {t('app')}
            </Group>
          </Text>
          <Choices />
        </Group>
      </Box>
      <Container size={460} component="main" id="content" py="lg">
        <Paper withBorder p={{ base: 'md', sm: 'xl' }}>
          <Page title={title} about={about}>
            {children}
          </Page>
        </Paper>
      </Container>
    </>
  )
}
