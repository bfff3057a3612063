import { beforeEach, describe, expect, it } from 'vitest'
import es from './es.json'
import ptBR from './pt-BR.json'
import { firstSpeech } from './speech'

function leaves(words: object, path = ''): [string, string][] {
  return Object.entries(words).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value]] : leaves(value as object, `${path}${key}.`),
  )
}

const slots = (text: string) => [...text.matchAll(/{{\s*(\w+)/g)].map(([, name]) => name).sort()

describe('the words in Spanish', () => {
  it('are those in Portuguese, with the same things to be filled in', () => {
    const portuguese = new Map(leaves(ptBR))
    const spanish = new Map(leaves(es))
    expect([...spanish.keys()].sort()).toEqual([...portuguese.keys()].sort())
    for (const [key, text] of spanish) expect([key, slots(text)]).toEqual([key, slots(portuguese.get(key) ?? '')])
  })
})

describe('the language', () => {
  beforeEach(() => localStorage.clear())

  it('is that of the page, until another is chosen', () => {
    expect(firstSpeech('es')).toBe('es')
    expect(firstSpeech('de')).toBe('pt-BR')
    localStorage.setItem('petstory-language', 'en')
    expect(firstSpeech('es')).toBe('en')
    localStorage.setItem('petstory-language', 'tlh')
    expect(firstSpeech('es')).toBe('es')
  })
})
