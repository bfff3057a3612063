import { beforeAll, describe, expect, it } from 'vitest'
import { bytes, milliseconds, share, since, stretch } from './formats'
import { locale, preferred, speak, startWords } from './words'

const files = import.meta.glob<Record<string, unknown>>('../**/{en,pt-BR}.json', { eager: true, import: 'default' })

function leaves(words: Record<string, unknown>, path = ''): [string, string][] {
  return Object.entries(words).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value]] : leaves(value as Record<string, unknown>, `${path}${key}.`),
  )
}

const sources = import.meta.glob<string>(['../**/*.{ts,tsx}', '!../**/*.test.*', '!../api/schema.ts'], {
  eager: true,
  query: '?raw',
  import: 'default',
})

const SLOT = '[\\w-]+'

/** What a source may ask for: words in quotes, with or without their namespace, and patterns that it fills in. */
function asked(place: string): { words: Set<string>; patterns: RegExp[] } {
  const words = new Set<string>()
  const patterns = new Set<string>()
  for (const [name, text] of Object.entries(sources)) {
    for (const [, word = ''] of text.matchAll(/['"`](?:\w+:)?([\w.-]+)['"`]/g)) words.add(word)
    for (const [, pattern = ''] of text.matchAll(/`(?:\w+:)?((?:[\w.-]|\$\{[^{}]*\})+)`/g)) {
      const filled = pattern.replaceAll('.', '\\.').replace(/\$\{.*?\}/g, '[\\w-]+')
      // What begins with a slot may be anybody's: it counts for the words beside it.
      if (filled.includes(SLOT) && (!filled.startsWith(SLOT) || name.startsWith(place))) patterns.add(filled)
    }
  }
  return { words, patterns: [...patterns].map((pattern) => new RegExp(`^${pattern}$`)) }
}

const places = [...new Set(Object.keys(files).map((name) => name.replace(/[^/]+$/, '')))]
const plain = (key: string) => key.replace(/_(zero|one|two|few|many|other)$/, '')
const slots = (text: string) => [...text.matchAll(/{{\s*(\w+)/g)].map(([, name]) => name).sort()

describe.each(places)('the words in %s', (place) => {
  const english = leaves(files[`${place}en.json`] ?? {})
  const portuguese = new Map(leaves(files[`${place}pt-BR.json`] ?? {}))

  it('are the same in both languages', () => {
    const names = (all: Iterable<string>) => [...new Set([...all].map(plain))].sort()
    expect(names(portuguese.keys())).toEqual(names(english.map(([key]) => key)))
  })

  it('leave the same things to be filled in', () => {
    for (const [key, text] of english) {
      const other = portuguese.get(key)
      if (other !== undefined) expect([key, slots(other)]).toEqual([key, slots(text)])
    }
  })

  it('are asked for', () => {
    const { words, patterns } = asked(place)
    const used = (key: string) => words.has(key) || patterns.some((pattern) => pattern.test(key))
    const all = [...new Set(english.map(([key]) => plain(key)))]
    expect(all.filter((key) => !used(key))).toEqual([])
  })

  it('leave nothing empty', () => {
    for (const [, text] of [...english, ...portuguese]) expect(text.trim()).not.toBe('')
  })
})

describe('the language', () => {
  beforeAll(() => localStorage.clear())

  it('is the first of the browser that there is', () => {
    expect(preferred(['fr', 'pt-PT', 'en'])).toBe('pt-BR')
    expect(preferred(['de', 'en-GB', 'pt'])).toBe('en')
    expect(preferred(['fr'], 'pt-BR')).toBe('pt-BR')
  })
})

describe('figures', () => {
  beforeAll(() => startWords())

  it('are spelled as the browser spells the chosen language', async () => {
    await speak('en')
    expect(locale(['pt-BR', 'en-GB', 'en'])).toBe('en-GB')
    expect(locale(['pt-BR', 'fr'])).toBe('en')
    await speak('pt-BR')
    expect(locale(['en-GB', 'pt'])).toBe('pt-BR')
  })

  it('are written for people', async () => {
    await speak('en')
    expect(bytes(1_500_000)).toBe('1.5 MB')
    expect(bytes(0)).toBe('0 byte')
    expect([milliseconds(0.84), milliseconds(420), milliseconds(1300)]).toEqual(['0.8 ms', '420 ms', '1.3 s'])
    expect(['2026-01-01T00:00:00Z', '2025-12-31T23:57:00Z'].map((at) => since(at, Date.UTC(2026, 0, 1)))).toEqual([
      'now',
      '3 minutes ago',
    ])
    expect([0, 45, 200, 3600, 7500, 273_600].map(stretch)).toEqual([
      '0 s',
      '45 s',
      '3 min 20 s',
      '1 h',
      '2 h 5 min',
      '3 d 4 h',
    ])
    await speak('pt-BR')
    expect(share(0.1234)).toBe('12,3%')
  })
})
