import { addWords } from '~/words/words'
import en from './en.json'
import ptBR from './pt-BR.json'

addWords('jobs', en, ptBR)
/** The namespaces of the pages of tasks; whoever names them has the words. */
export const WORDS = ['jobs', 'common']
