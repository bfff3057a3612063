import { addWords } from '~/words/words'
import rolesEn from '../roles/en.json'
import rolesPt from '../roles/pt-BR.json'
import tenantsEn from '../tenants/en.json'
import tenantsPt from '../tenants/pt-BR.json'
import en from './en.json'
import ptBR from './pt-BR.json'

/** The words of keys and clients, and of the fields that they share with roles and tenants. */
export function addKeyWords(): void {
  addWords('keys', en, ptBR)
  addWords('roles', rolesEn, rolesPt)
  addWords('tenants', tenantsEn, tenantsPt)
}
