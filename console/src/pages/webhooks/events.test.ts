import { describe, expect, it } from 'vitest'
import { choicesOf } from './events'

describe('what an endpoint can ask for', () => {
  it('is everything, all of a subject, or each by its name; progress is told to nobody', () => {
    const choices = choicesOf(
      ['pet.fed', 'task.running', 'pet.created', 'task.failed'],
      'Everything',
      (of) => `All of ${of}`,
    )
    expect(choices.map(({ value }) => value)).toEqual(['*', 'pet.*', 'task.*', 'pet.created', 'pet.fed', 'task.failed'])
    expect(choices.slice(0, 2).map(({ label }) => label)).toEqual(['Everything', 'All of pet'])
  })
})
