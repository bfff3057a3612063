import { beforeEach, describe, expect, it, vi } from 'vitest'

const issuer = { name: 'Shop', issuer: 'https://id.example.org', client_id: 'c', scopes: ['openid'], parameters: {} }

function kept(more: object = {}) {
  const until = Date.now() / 1000 + 600
  sessionStorage.setItem('esteio-issuer', JSON.stringify({ sign_in: 'this', issuer, token: 't', until, ...more }))
}

async function holder() {
  vi.resetModules()
  return (await import('./oidc')).oidcHolder
}

beforeEach(() => {
  sessionStorage.clear()
  localStorage.clear()
  localStorage.setItem('esteio-issuer', 'this')
})

describe('a login at another issuer', () => {
  it('is taken up again after a reload', async () => {
    kept()
    expect((await (await holder()).renew())?.token).toBe('t')
  })

  it('is over where its token was refused and nothing gives another', async () => {
    kept()
    const held = await holder()
    await held.renew()
    expect(await held.renew()).toBeNull()
  })

  it('is over where its token has run out', async () => {
    kept({ until: Date.now() / 1000 + 10 })
    expect(await (await holder()).renew()).toBeNull()
  })

  it('is not that of a sign-in that has ended since in another tab', async () => {
    kept({ sign_in: 'another' })
    expect(await (await holder()).renew()).toBeNull()
  })

  it('keeps nothing after leaving', async () => {
    kept()
    const held = await holder()
    await held.renew()
    await held.end()
    expect([sessionStorage.length, localStorage.length]).toEqual([0, 0])
    expect(await held.renew()).toBeNull()
  })
})
