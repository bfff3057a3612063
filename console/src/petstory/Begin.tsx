import { Alert, Button, Group, Image, Paper, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core'
import { type FormErrors, useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ArrowRight } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '~/api/problem'
import { beginOrder, type Offer } from './api'
import { forgetOrder, keepOrder, keptOrder } from './kept'
import { goTo, orderPath } from './place'
import cartoon from './samples/cartoon.webp'
import line from './samples/line.webp'
import photo from './samples/photo.webp'
import watercolour from './samples/watercolour.webp'
import { firstSpeech, money, type Speech } from './speech'
import { Titled } from './Titled'
import { Trouble } from './Trouble'
import { useOffer } from './use'

export const SAMPLES = { line, watercolour, cartoon }
const WHOLE = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

/** What a book is and costs; and the first two answers, which an order begins with. */
export function Begin() {
  const { t } = useTranslation()
  const { data: offer, error, refetch } = useOffer()
  return (
    <Titled title={t('begin.title')} about={t('begin.what')}>
      {error && !offer && <Trouble error={error} again={() => void refetch()} />}
      {offer && <Text fw={600}>{t('begin.price', { price: money(offer.price, offer.currency) })}</Text>}
      <GoOn />
      <Samples />
      {offer && !offer.payable && <Alert color="yellow">{t('begin.unpayable')}</Alert>}
      <FirstForm offer={offer} />
    </Titled>
  )
}

function GoOn() {
  const { t } = useTranslation()
  const [kept, setKept] = useState(keptOrder)
  if (!kept) return null
  return (
    <Paper withBorder p="md">
      <Stack gap="xs" align="flex-start">
        <Text>{t('begin.go_on_why')}</Text>
        <Button onClick={() => goTo(orderPath(kept.link))}>{t('begin.go_on', { name: kept.name })}</Button>
        <Button
          variant="subtle"
          onClick={() => {
            forgetOrder()
            setKept(null)
          }}
        >
          {t('begin.forget')}
        </Button>
      </Stack>
    </Paper>
  )
}

function Samples() {
  const { t } = useTranslation()
  const shown = [
    [t('begin.photo'), photo],
    ...Object.entries(SAMPLES).map(([style, address]) => [t(`style.${style}`), address]),
  ]
  return (
    <section aria-labelledby="samples">
      <Title order={2} size="h4" id="samples" mb="xs">
        {t('begin.samples')}
      </Title>
      <SimpleGrid cols={4} spacing="xs">
        {shown.map(([what, address]) => (
          <figure key={what} className="sample">
            <Image className="drawn" src={address} alt={t('begin.sample_alt', { what })} width={261} height={348} />
            <Text component="figcaption" size="xs" ta="center">
              {what}
            </Text>
          </figure>
        ))}
      </SimpleGrid>
    </section>
  )
}

function FirstForm({ offer }: { offer: Offer | undefined }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const form = useForm({
    initialValues: { pet_name: '', email: '' },
    validate: {
      pet_name: (name) => (name.trim() ? null : t('need.pet_name')),
      email: (email) => (WHOLE.test(email.trim()) ? null : t('need.email')),
    },
  })
  const begin = useMutation({
    mutationFn: ({ pet_name, email }: typeof form.values) =>
      beginOrder({
        pet_name: pet_name.trim(),
        email: email.trim(),
        language: firstSpeech() as Speech,
        words: '',
        styles: ['line'],
        tribute: true,
      }),
    onSuccess: ({ link, url: _, ...order }) => {
      keepOrder({ link, name: order.pet_name })
      queries.setQueryData(['order', link], order)
      goTo(orderPath(link))
    },
    onError: (error) => {
      if (!(error instanceof Problem)) return
      const refused = Object.keys(error.fields).filter((field) => field in form.values)
      for (const field of refused) form.setFieldError(field, t(`need.${field}`))
      focusFirst(refused)
    },
  })
  const focusFirst = (fields: string[]) => form.getInputNode(fields[0] ?? '')?.focus()
  const start = () => begin.mutate(form.values)
  const correct = (errors: FormErrors) => focusFirst(Object.keys(errors))
  return (
    // Whoever fills this in needs what comes next; whoever only looks does not.
    <form
      onSubmit={form.onSubmit(start, correct)}
      onFocus={() => void import('./OrderPage').catch(() => {})}
      noValidate
      aria-labelledby="first"
    >
      <Stack>
        <Title order={2} size="h4" id="first">
          {t('begin.form')}
        </Title>
        <TextInput
          label={t('field.pet_name')}
          required
          maxLength={100}
          autoComplete="off"
          enterKeyHint="next"
          {...form.getInputProps('pet_name')}
        />
        <TextInput
          label={t('field.email')}
          description={t(offer && !offer.mailed ? 'begin.why_email_off' : 'begin.why_email')}
          required
          type="email"
          inputMode="email"
          autoComplete="email"
          enterKeyHint="go"
          {...form.getInputProps('email')}
        />
        {begin.error && <Trouble error={begin.error} again={start} />}
        <Group className="act">
          <Button type="submit" size="md" fullWidth loading={begin.isPending} rightSection={<ArrowRight aria-hidden />}>
            {t('begin.start')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
