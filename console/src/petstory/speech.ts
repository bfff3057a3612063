import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { MISSED } from '~/words/missed'
import en from './en.json'
import es from './es.json'
import ptBR from './pt-BR.json'

export const SPOKEN = { 'pt-BR': 'Português', en: 'English', es: 'Español' } as const
export type Speech = keyof typeof SPOKEN

const KEPT = 'petstory-language'

const isSpoken = (code: string | null): code is Speech => code !== null && code in SPOKEN

/** The language that was chosen here, else that of the page as it came: of the order, or what the browser asked for. */
export function firstSpeech(page: string = document.documentElement.lang): Speech {
  const kept = localStorage.getItem(KEPT)
  if (isSpoken(kept)) return kept
  return isSpoken(page) ? page : 'pt-BR'
}

/** Begin to speak. The words stand where components that all pages share look for theirs. */
export function startSpeaking(): void {
  i18next.use(initReactI18next).init({
    lng: firstSpeech(),
    fallbackLng: 'pt-BR',
    defaultNS: 'common',
    resources: { 'pt-BR': { common: ptBR }, en: { common: en }, es: { common: es } },
    interpolation: { escapeValue: false },
    initAsync: false,
    ...MISSED,
  })
  document.documentElement.lang = i18next.language
  i18next.on('languageChanged', (language) => {
    document.documentElement.lang = language
  })
}

export async function speakFromNowOn(speech: Speech): Promise<void> {
  localStorage.setItem(KEPT, speech)
  await i18next.changeLanguage(speech)
}

/** An amount as people write it. */
export function money(amount: string, currency: string): string {
  return new Intl.NumberFormat(i18next.language, { style: 'currency', currency }).format(Number(amount))
}

export function dayOf(at: string): string {
  return new Intl.DateTimeFormat(i18next.language, { dateStyle: 'long' }).format(new Date(at))
}

/** Bytes as they stand on a phone: `1,5 MB`. */
export function megabytes(bytes: number): string {
  const digits = { maximumFractionDigits: bytes < 10_000_000 ? 1 : 0 }
  return `${new Intl.NumberFormat(i18next.language, digits).format(bytes / 1_048_576)} MB`
}
