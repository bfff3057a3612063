import { Button, Group } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { confirm } from '~/look/confirm'
import { Failure } from '~/look/Failure'
import { askDoor, session } from '~/session/session'
import { useTranslated } from './refusals'
import { Section } from './Section'
import { WORDS } from './words'

/** Ends every session of the account. */
export function Everywhere() {
  const { t } = useTranslation(WORDS)
  const translated = useTranslated()
  const ending = useMutation({
    mutationFn: async () => {
      await askDoor('/auth/logout-all', {}, await session.token())
      session.ended()
    },
  })
  const ask = () =>
    confirm(t, {
      title: t('everywhere'),
      text: t('everywhere_ask'),
      act: t('everywhere'),
      done: () => ending.mutate(),
    })
  return (
    <Section title={t('everywhere')} about={t('everywhere_about')}>
      {ending.error && <Failure error={translated(ending.error)} />}
      <Group>
        <Button color="red" variant="outline" onClick={ask} loading={ending.isPending}>
          {t('everywhere')}
        </Button>
      </Group>
    </Section>
  )
}
