import { addWords } from '~/words/words'
import en from './en.json'
import ptBR from './pt-BR.json'

addWords('webhooks', en, ptBR)
/** The namespaces of the pages of webhooks; whoever names them has the words. */
export const WORDS = ['webhooks', 'common']
