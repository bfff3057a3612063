import { addWords } from '~/words/words'
import en from './en.json'
import ptBR from './pt-BR.json'

addWords('account', en, ptBR)

/** What `useTranslation` is asked for on these pages. */
export const WORDS = ['account', 'common']
