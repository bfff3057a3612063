import { addWords } from '~/words/words'
import en from './en.json'
import ptBR from './pt-BR.json'

addWords('realtime', en, ptBR)
/** The namespaces of the inspector; whoever names them has the words. */
export const WORDS = ['realtime', 'common']
