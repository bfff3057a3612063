export interface Choice {
  value: string
  label: string
}

/** Facts that no endpoint is told (docs/webhooks.md): progress, to be watched. */
const NOT_SENT = new Set(['task.running'])

/** What an endpoint can ask for: everything, all of one subject, or facts by their names. */
export function choicesOf(names: readonly string[], everything: string, allOf: (subject: string) => string): Choice[] {
  const sent = names.filter((name) => !NOT_SENT.has(name)).sort()
  const subjects = [
    ...new Set(sent.filter((name) => name.includes('.')).map((name) => name.slice(0, name.indexOf('.')))),
  ]
  return [
    { value: '*', label: everything },
    ...subjects.map((subject) => ({ value: `${subject}.*`, label: allOf(subject) })),
    ...sent.map((name) => ({ value: name, label: name })),
  ]
}
