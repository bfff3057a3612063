import { Code, ScrollArea } from '@mantine/core'

/** A text word for word, as it was sent or came; it scrolls within itself. */
export function Exact({ label, text, height = 360 }: { label: string; text: string; height?: number }) {
  return (
    <ScrollArea.Autosize mah={height} viewportProps={{ tabIndex: 0, 'aria-label': label, role: 'group' }}>
      <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {text}
      </Code>
    </ScrollArea.Autosize>
  )
}

/** JSON with a member to a line; any other text as it is. */
export function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
