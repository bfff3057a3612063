import { Group, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'
import { useTranslation } from 'react-i18next'

interface Props {
  title: string
  /** One sentence on what the page is for. */
  about?: ReactNode
  /** Buttons beside the title. */
  actions?: ReactNode
  children: ReactNode
}

let shown: string | null = null

/** After a change of page the focus goes to its title, so that who listens hears where they are. */
function focusTitle(): void {
  const here = window.location.pathname
  if (shown !== null && shown !== here) document.getElementById('title')?.focus({ preventScroll: true })
  shown = here
}

/** What every page has: its title in the window and as its only h1. */
export function Page({ title, about, actions, children }: Props) {
  const { t } = useTranslation()
  useEffect(focusTitle, [])
  useEffect(() => {
    document.title = `${title} · ${t('app')}`
  }, [title, t])
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-start">
        <div>
          <Title order={1} size="h2" tabIndex={-1} id="title">
            {title}
          </Title>
          {about && <Text c="dimmed">{about}</Text>}
        </div>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  )
}
