import { Progress, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'

const ALL = ['begin', 'photos', 'story', 'preview', 'pay'] as const

interface Props {
  title: string
  about?: ReactNode
  /** The step of putting an order together that this is. */
  step?: (typeof ALL)[number]
  children: ReactNode
}

let shown = ''

/** What each view has: its title, in the window too, and how far one has come. Whoever gets here finds the focus on it. */
export function Titled({ title, about, step, children }: Props) {
  const { t } = useTranslation()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · ${t('app')}`
  }, [title, t])
  useEffect(() => {
    if (shown) heading.current?.focus({ preventScroll: true })
    shown = title
  }, [title])
  const at = step ? ALL.indexOf(step) + 1 : 0
  return (
    <Stack gap="lg">
      <div>
        {step && (
          <>
            <Text size="sm" c="dimmed" mb={4}>
              {t('step.of', { at, all: ALL.length, name: t(`step.${step}`) })}
            </Text>
            <Progress value={(at / ALL.length) * 100} size="sm" mb="md" aria-hidden />
          </>
        )}
        <Title order={1} size="h2" tabIndex={-1} ref={heading} dir="auto">
          {title}
        </Title>
        {about && <Text mt={4}>{about}</Text>}
      </div>
      {children}
    </Stack>
  )
}
