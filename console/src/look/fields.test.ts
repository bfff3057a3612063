import { describe, expect, it } from 'vitest'
import { Problem } from '~/api/problem'
import { beyondFields, fieldOf } from './fields'

const of = (...fields: string[]) =>
  new Problem(422, { errors: fields.map((field) => ({ code: 'X', message: `wrong ${field}`, field, pointer: null })) })

describe('what the API says of fields', () => {
  it('finds its field, the closest of several', () => {
    expect(fieldOf(['email', 'roles'], 'roles.0')).toBe('roles')
    expect(fieldOf(['admin', 'admin.email'], 'admin.email')).toBe('admin.email')
    expect(fieldOf(['name'], 'name_of')).toBeNull()
  })

  it('needs no word beside the fields where each found its own', () => {
    expect(beyondFields(['email', 'roles'], of('email', 'roles.1'))).toBe(false)
    expect(beyondFields(['email'], of('email', 'plan'))).toBe(true)
  })

  it('is said in whole where it is about no field', () => {
    expect(beyondFields(['email'], new Problem(409, { detail: 'taken' }))).toBe(true)
    expect(beyondFields(['email'], new Error('?'))).toBe(true)
    expect(beyondFields(['email'], null)).toBe(false)
  })
})
