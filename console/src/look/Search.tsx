import { CloseButton, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { Search as Glass } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'

interface Props {
  label: string
  value: string
  put: (value: string) => void
  /** What the field takes, as an example. */
  placeholder?: string
  description?: string
}

/** A field that searches while one types, a moment after the last key. */
export function Search({ label, value, put, placeholder, description }: Props) {
  const { t } = useTranslation()
  const [text, setText] = useState(value)
  const said = useRef(value)
  const say = useDebouncedCallback((typed: string) => {
    said.current = typed.trim()
    put(said.current)
  }, 350)
  useEffect(() => {
    // Somebody went back, or cleared the filters elsewhere; one's own words come back as they were said.
    if (value !== said.current) {
      said.current = value
      setText(value)
    }
  }, [value])
  function type(typed: string): void {
    setText(typed)
    say(typed)
  }
  return (
    <TextInput
      type="search"
      label={label}
      value={text}
      placeholder={placeholder}
      description={description}
      maxLength={200}
      onChange={(event) => type(event.currentTarget.value)}
      leftSection={<Glass size={16} aria-hidden />}
      rightSection={text ? <CloseButton size="sm" aria-label={t('clear')} onClick={() => type('')} /> : null}
    />
  )
}
