import type { UseFormReturnType } from '@mantine/form'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type FieldError, Problem } from '~/api/problem'
import { WORDS } from './words'

/** A refusal of these pages in the reader's language; what has no words here keeps those of the API. */
export function useTranslated(): (error: unknown) => unknown {
  const { t, i18n } = useTranslation(WORDS)
  const said = (code: string, otherwise: string) =>
    i18n.exists(`errors.${code}`, { ns: 'account' }) ? t(`errors.${code}`) : otherwise
  return (error) => {
    if (!(error instanceof Problem)) return error
    const errors = error.errors.map((one): FieldError => ({ ...one, message: said(one.code, one.message) }))
    const [first] = errors
    const detail = first && first.field === null ? said(first.code, error.message) : (first?.message ?? error.message)
    return new Problem(error.status, { detail, errors, request_id: error.requestId }, error.retryAfter)
  }
}

/**
 * Sends what a form says. A refusal goes to the fields that it names, and into `error` where one of them is not in the
 * form. Without `again` sending it once more does not help.
 */
export function useSending<T extends Record<string, unknown>>(
  form: UseFormReturnType<T>,
  send: (values: T) => Promise<void>,
) {
  const translated = useTranslated()
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)

  async function run(values: T): Promise<void> {
    setError(null)
    setBusy(true)
    try {
      await send(values)
    } catch (refusal) {
      setError(shown(translated(refusal)))
    } finally {
      setBusy(false)
    }
  }

  function shown(refusal: unknown): unknown {
    if (!(refusal instanceof Problem)) return refusal
    const named = Object.entries(refusal.fields).filter(([name]) => name in form.getValues())
    form.setErrors(Object.fromEntries(named))
    if (named[0]) form.getInputNode(named[0][0])?.focus()
    return named.length > 0 && named.length === refusal.errors.length ? null : refusal
  }

  const submit = (event: FormEvent<HTMLFormElement>) =>
    form.onSubmit(
      (values) => void run(values),
      (errors) => form.getInputNode(Object.keys(errors)[0] ?? '')?.focus(),
    )(event)
  const passing = error instanceof Problem && error.passing
  return { error, busy, submit, again: passing ? () => void run(form.getValues()) : undefined }
}
