import { Button, Group, NumberInput, Stack, Text } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { typed } from './amounts'
import { WORDS } from './words'

const FIELDS = ['amount']

interface Props {
  /** What it is now; nothing is without bound. */
  now: number | null
  unit: string
  /** Send it; what it throws is shown here. */
  send: (amount: number | null) => Promise<void>
}

/** How much of a quota there is to be. */
export function SetAmount({ now, unit, send }: Props) {
  const { t } = useTranslation(WORDS)
  const form = useForm<{ amount: string | number }>({
    initialValues: { amount: now ?? '' },
    validate: { amount: (value) => (typed(value) === undefined ? t('no_amount') : null) },
  })
  const save = useMutation({
    mutationFn: ({ amount }: { amount: string | number }) => send(typed(amount) ?? null),
    onError: (error) => toFields(form, FIELDS, error),
  })
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack>
        {beyondFields(FIELDS, save.error) && <Failure error={save.error} />}
        <NumberInput
          label={t('amount', { unit })}
          description={t('amount_hint')}
          min={0}
          allowDecimal={false}
          allowNegative={false}
          hideControls
          {...form.getInputProps('amount')}
        />
        <Text size="sm" c="dimmed">
          {t('from_now_on')}
        </Text>
        <Group justify="flex-end">
          <Button type="submit" loading={save.isPending}>
            {t('save', { ns: 'common' })}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
