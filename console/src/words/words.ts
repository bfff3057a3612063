import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import en from './en.json'
import { MISSED } from './missed'
import ptBR from './pt-BR.json'

export const LANGUAGES = { en: 'English', 'pt-BR': 'Português (Brasil)' } as const
export type Language = keyof typeof LANGUAGES
const KEPT = 'esteio-language'

/** The language that was chosen here, else the first of the browser's that there is. */
export function preferred(browser: readonly string[] = navigator.languages, first: Language = 'en'): Language {
  const kept = localStorage.getItem(KEPT)
  if (kept && kept in LANGUAGES) return kept as Language
  for (const one of browser) {
    if (one.toLowerCase().startsWith('pt')) return 'pt-BR'
    if (one.toLowerCase().startsWith('en')) return 'en'
  }
  return first
}

/** Begin with the words that all pages share, in namespace `common`. `first`: for browsers that ask for neither. */
export function startWords(first: Language = 'en'): void {
  i18next.use(initReactI18next).init({
    lng: preferred(navigator.languages, first),
    fallbackLng: 'en',
    defaultNS: 'common',
    resources: { en: { common: en }, 'pt-BR': { common: ptBR } },
    interpolation: { escapeValue: false },
    initAsync: false,
    ...MISSED,
  })
  document.documentElement.lang = i18next.language
  i18next.on('languageChanged', (language) => {
    document.documentElement.lang = language
  })
}

/** The words of one page; at the head of its module: `addWords('keys', en, ptBR)`. */
export function addWords(namespace: string, english: object, portuguese: object): void {
  i18next.addResourceBundle('en', namespace, english)
  i18next.addResourceBundle('pt-BR', namespace, portuguese)
}

export async function speak(language: Language): Promise<void> {
  localStorage.setItem(KEPT, language)
  await i18next.changeLanguage(language)
}

/** The language in the browser's own spelling of it: who reads `en-GB` finds the day before the month. */
export function locale(browser: readonly string[] = navigator.languages): string {
  const spoken = language()
  return browser.find((one) => one === spoken || one.startsWith(`${spoken}-`)) ?? spoken
}

export const language = (): Language => (i18next.language in LANGUAGES ? (i18next.language as Language) : 'en')
