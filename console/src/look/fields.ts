import type { UseFormReturnType } from '@mantine/form'
import { Problem } from '~/api/problem'

// biome-ignore lint/suspicious/noExplicitAny: whatever a form has in it
type AnyForm = UseFormReturnType<any, any>

/** The field of the form that the API's field is: `roles.0` is a fault of `roles`. */
export function fieldOf(names: string[], field: string): string | null {
  const found = names.filter((name) => field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`))
  return found.sort((one, other) => other.length - one.length)[0] ?? null
}

/** Puts onto the fields what the API says of them, and the first of them into focus. */
export function toFields(form: AnyForm, names: string[], error: unknown): void {
  if (!(error instanceof Problem)) return
  const found = Object.entries(error.fields).flatMap(([field, message]) => {
    const name = fieldOf(names, field)
    return name ? [[name, message] as const] : []
  })
  form.setErrors(Object.fromEntries(found))
  const first = found[0]
  if (first) form.getInputNode(first[0])?.focus()
}

/** Whether there is more to say of a refusal than what stands at the fields. */
export function beyondFields(names: string[], error: unknown): boolean {
  if (error === null || error === undefined) return false
  if (!(error instanceof Problem)) return true
  const fields = Object.keys(error.fields)
  return fields.length === 0 || fields.some((field) => fieldOf(names, field) === null)
}
