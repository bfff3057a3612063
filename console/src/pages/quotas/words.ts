import { addWords } from '~/words/words'
import en from './en.json'
import ptBR from './pt-BR.json'

addWords('quotas', en, ptBR)
/** The namespaces of quotas; whoever names them has the words. */
export const WORDS = ['quotas', 'common']
