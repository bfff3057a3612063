import { Text } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'

/** Counts seconds down to nothing, then calls `over` once. */
export function Countdown({ seconds, over }: { seconds: number; over: () => void }) {
  const { t } = useTranslation()
  const [left, setLeft] = useState(Math.ceil(seconds))
  const called = useRef(over)
  called.current = over
  useEffect(() => {
    if (left <= 0) return called.current()
    const timer = setTimeout(() => setLeft(left - 1), 1000)
    return () => clearTimeout(timer)
  }, [left])
  return (
    <Text size="sm" c="dimmed">
      {t('again_in', { count: left })}
    </Text>
  )
}
