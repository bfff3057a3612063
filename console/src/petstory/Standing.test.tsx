import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen } from '@testing-library/react'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Offer, Order } from './api'
import { Standing } from './Standing'
import { startSpeaking } from './speech'
import { Uploads } from './uploads'

const AT = '2026-11-22T12:00:00Z'
const offer = {
  payable: true,
  photos: { most: 10, bytes: 100, pixels: 1, side: 1, formats: ['image/jpeg'] },
} as unknown as Offer
const photo = (id: string, position: number) => ({
  id,
  position,
  width: 1,
  height: 1,
  size: 1,
  source: 'jpeg',
  created_at: AT,
})
const art = (photo_id: string, state: string) => ({
  id: photo_id,
  photo_id,
  style: 'line',
  state,
  preview: null,
  picture: null,
})
const order = (members: object) =>
  ({
    id: '01a2052d-edec-757f-aa9c-3d1cc3434ec7',
    pet_name: 'Rex',
    price: '47.00',
    currency: 'BRL',
    photos: [photo('a', 1), photo('b', 2)],
    arts: [art('a', 'drawn'), art('b', 'refused')],
    wanted: 0,
    expires_at: AT,
    ...members,
  }) as unknown as Order

function shown(members: object): void {
  const sending = new Uploads(
    () => new Promise(() => {}),
    offer.photos,
    () => {},
    () => 1,
  )
  render(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient()}>
        <Standing link="L" order={order(members)} offer={offer} uploads={[]} sending={sending} />
      </QueryClientProvider>
    </MantineProvider>,
  )
}

const buttons = () => screen.getAllByRole('button').map((one) => one.getAttribute('aria-label') ?? one.textContent)

describe('a book that could not be made', () => {
  beforeAll(() => startSpeaking())

  it('asks for another photo in place of the one that cannot be drawn, and lets only that one be removed', () => {
    shown({ state: 'production_failed', reason: 'PHOTO_REFUSED' })
    expect(buttons()).toContain('Tirar a foto 2')
    expect(buttons()).not.toContain('Tirar a foto 1')
    expect(buttons()).not.toContain('Escolher fotos')
  })

  it('takes as many photos as are wanted', () => {
    shown({ state: 'production_failed', reason: 'PHOTO_REFUSED', wanted: 1, photos: [photo('a', 1)] })
    expect(buttons()).toContain('Escolher fotos')
    expect(screen.getByText('Falta 1 foto no lugar da que foi tirada.')).toBeTruthy()
  })

  it('asks nothing of the customer where the trouble is ours', () => {
    shown({ state: 'production_failed', reason: 'BUSY' })
    expect(buttons()).toEqual(['Copiar o endereço do pedido'])
  })
})

describe('a payment', () => {
  beforeAll(() => startSpeaking())

  it('that is under way is not asked for once more', () => {
    shown({ state: 'payment_pending', checkout: { url: 'https://pay.example/1' } })
    expect(screen.getByRole('link').getAttribute('href')).toBe('https://pay.example/1')
    expect(buttons().some((text) => text?.startsWith('Pagar'))).toBe(false)
  })

  it('that was rejected can be tried again', () => {
    shown({ state: 'payment_rejected', checkout: { url: 'https://pay.example/1' } })
    expect(buttons().some((text) => text?.startsWith('Pagar'))).toBe(true)
  })
})
