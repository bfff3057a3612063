import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { offline, Problem } from '~/api/problem'
import type { Order } from './api'
import { refusalOf, type Stage, Uploads } from './uploads'

const BOUNDS = { most: 3, bytes: 100, pixels: 1, side: 1, formats: ['image/jpeg', 'image/heic'] }
const jpeg = (name = 'rex.jpg', size = 10) => new File([new Uint8Array(size)], name, { type: 'image/jpeg' })

/** A party that is told when to answer, one call after the other. */
class Line {
  calls: { file: File; tell: (share: number) => void; signal: AbortSignal; end: (with_: Order | Problem) => void }[] =
    []

  send = (file: File, tell: (share: number) => void, signal: AbortSignal): Promise<Order> =>
    new Promise((resolve, reject) => {
      const end = (outcome: Order | Problem) => (outcome instanceof Problem ? reject(outcome) : resolve(outcome))
      this.calls.push({ file, tell, signal, end })
    })

  async end(call: number, outcome: Order | Problem): Promise<void> {
    this.calls[call]?.end(outcome)
    await vi.advanceTimersByTimeAsync(0)
  }
}

describe('what need not be sent', () => {
  it('is told by its kind, its ending where it has none, and its size', () => {
    expect(refusalOf(jpeg(), BOUNDS)).toBe('')
    expect(refusalOf(new File(['x'], 'IMG_1.HEIC'), BOUNDS)).toBe('')
    expect(refusalOf(new File(['x'], 'letter.pdf', { type: 'application/pdf' }), BOUNDS)).toBe('PICTURE_FORMAT')
    expect(refusalOf(new File(['x'], 'letter'), BOUNDS)).toBe('PICTURE_FORMAT')
    expect(refusalOf(jpeg('big.jpg', 101), BOUNDS)).toBe('PICTURE_TOO_LARGE')
    expect(refusalOf(jpeg('none.jpg', 0), BOUNDS)).toBe('PICTURE_EMPTY')
  })
})

describe('photos on their way', () => {
  let line: Line
  let arrived: Order[]
  let uploads: Uploads
  const stages = (): Stage[] => uploads.shown().map((one) => one.stage)

  beforeEach(() => {
    vi.useFakeTimers()
    vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:x')
    vi.spyOn(URL, 'revokeObjectURL').mockImplementation(() => {})
    line = new Line()
    arrived = []
    uploads = new Uploads(
      line.send,
      BOUNDS,
      (order) => arrived.push(order),
      () => BOUNDS.most - arrived.length,
    )
  })
  afterEach(() => vi.useRealTimers())

  it('go two at a time, and say how far they are', async () => {
    uploads.add([jpeg('1'), jpeg('2'), jpeg('3')])
    expect(stages()).toEqual(['sending', 'sending', 'waiting'])
    line.calls[0]?.tell(0.5)
    expect(uploads.shown()[0]).toMatchObject({ stage: 'sending', share: 0.5 })
    line.calls[0]?.tell(1)
    expect(stages()[0]).toBe('checking')
    await line.end(0, {} as Order)
    expect(arrived).toHaveLength(1)
    expect(stages()).toEqual(['sending', 'sending'])
    expect(line.calls[2]?.file.name).toBe('3')
  })

  it('are refused one by one where there is no room, or they are no pictures', () => {
    uploads.add([jpeg('1'), new File(['x'], 'letter.pdf'), jpeg('2'), jpeg('3'), jpeg('4')])
    expect(uploads.shown().map((one) => one.why)).toEqual(['', 'PICTURE_FORMAT', '', '', 'TOO_MANY_PHOTOS'])
    expect(line.calls).toHaveLength(2)
    expect(uploads.shown()[1]?.again).toBe(false)
  })

  it('rest longer and longer where the line breaks, and go on by themselves', async () => {
    uploads.add([jpeg()])
    await line.end(0, offline())
    expect(stages()).toEqual(['resting'])
    await vi.advanceTimersByTimeAsync(999)
    expect(line.calls).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(line.calls).toHaveLength(2)
    await line.end(1, offline())
    await vi.advanceTimersByTimeAsync(1_999)
    expect(line.calls).toHaveLength(2)
    uploads.wake()
    expect(line.calls).toHaveLength(3)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(line.calls).toHaveLength(3)
    await line.end(2, {} as Order)
    expect([arrived.length, uploads.busy]).toEqual([1, false])
  })

  it('wait as long as they are told to', async () => {
    uploads.add([jpeg()])
    await line.end(0, new Problem(429, {}, 7))
    await vi.advanceTimersByTimeAsync(6_999)
    expect(line.calls).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(line.calls).toHaveLength(2)
  })

  it('fail at last, and are sent once more when that is asked for', async () => {
    uploads.add([jpeg()])
    for (let call = 0; call < 7; call += 1) {
      await line.end(call, new Problem(503))
      await vi.advanceTimersByTimeAsync(30_000)
    }
    expect(line.calls).toHaveLength(7)
    expect(uploads.shown()[0]).toMatchObject({ stage: 'failed', why: 'FAILED', again: true })
    uploads.retry(uploads.shown()[0]?.id as number)
    expect([stages(), line.calls.length]).toEqual([['sending'], 8])
  })

  it('fail at once where sending them again cannot help', async () => {
    uploads.add([jpeg()])
    const error = { code: 'PICTURE_DAMAGED', message: '', field: null, pointer: null }
    await line.end(0, new Problem(422, { errors: [error] }))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(uploads.shown()[0]).toMatchObject({ stage: 'failed', why: 'PICTURE_DAMAGED', again: false })
    expect(line.calls).toHaveLength(1)
  })

  it('are broken off when they are taken back, and make room for the next', async () => {
    uploads.add([jpeg('1'), jpeg('2'), jpeg('3')])
    uploads.drop(uploads.shown()[0]?.id as number)
    expect(line.calls[0]?.signal.aborted).toBe(true)
    await line.end(0, offline())
    expect(stages()).toEqual(['sending', 'sending'])
    expect(line.calls[2]?.file.name).toBe('3')
    expect(arrived).toHaveLength(0)
  })
})
