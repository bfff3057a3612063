import i18next from 'i18next'
import { addWords, language, startWords } from '~/words/words'
import en from './en.json'
import ptBR from './pt-BR.json'

const LANGS: Record<string, string> = { en: 'en', pt: 'pt-BR' }

/** Portuguese first; what the address asks for (`?lang=`) comes before what this browser has kept. */
export function startSpeaking(): void {
  startWords('pt-BR')
  addWords('outages', en, ptBR)
  const asked = LANGS[new URLSearchParams(window.location.search).get('lang') ?? '']
  if (asked) void i18next.changeLanguage(asked)
  i18next.on('languageChanged', forgetAsked)
}

/** Once another was chosen on the page, the address asks for none. */
function forgetAsked(): void {
  const address = new URL(window.location.href)
  address.searchParams.delete('lang')
  window.history.replaceState(null, '', address)
}

/** Day and time in Brasília, which is the regulator's. */
export function brasilia(at: string): string {
  const format = new Intl.DateTimeFormat(language() === 'en' ? 'en-GB' : 'pt-BR', {
    timeZone: 'America/Sao_Paulo',
    dateStyle: 'short',
    timeStyle: 'medium',
  })
  return format.format(new Date(at)).replace(',', '')
}

/** What is not nothing is never shown as nothing. */
export const atLeastSome = (part: number): number => (part > 0 ? Math.max(part, 0.0001) : 0)
