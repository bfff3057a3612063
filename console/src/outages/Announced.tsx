import { Text, VisuallyHidden } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { number } from '~/words/formats'
import type { Summary } from './summary'

const CALM = 10_000

/** The whole in one sentence. Who listens hears of a change, but not of each in a storm. */
export function Announced({ totals }: { totals: Summary['totals'] }) {
  const { t } = useTranslation('outages')
  const words = t('lead', { out: number(totals.planned + totals.unplanned), served: number(totals.served) })
  const calm = useCalm(words, CALM)
  return (
    <>
      <Text size="xl" fw={650} data-testid="lead">
        {words}
      </Text>
      <VisuallyHidden role="status" data-testid="announced">
        {calm}
      </VisuallyHidden>
    </>
  )
}

/** The text as it was at most so many milliseconds ago; nothing until it has changed. */
function useCalm(text: string, milliseconds: number): string {
  const [said, setSaid] = useState('')
  const known = useRef(text)
  const last = useRef(0)
  useEffect(() => {
    if (text === known.current) return
    const wait = Math.max(0, last.current + milliseconds - Date.now())
    const timer = setTimeout(() => {
      known.current = text
      last.current = Date.now()
      setSaid(text)
    }, wait)
    return () => clearTimeout(timer)
  }, [text, milliseconds])
  return said
}
