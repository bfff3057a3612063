import {
  Button,
  Checkbox,
  Group,
  Image,
  NativeSelect,
  SimpleGrid,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core'
import { type UseFormReturnType, useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { ArrowRight } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Problem } from '~/api/problem'
import { askForPreview, changeOrder, type Offer, type Order, type OrderChange, type Style } from './api'
import { SAMPLES } from './Begin'
import { Footer } from './Footer'
import { forgetTyped, keepTyped, typedFor } from './kept'
import { goToStep } from './place'
import { SPOKEN } from './speech'
import { Titled } from './Titled'
import { Trouble } from './Trouble'
import type { Upload } from './uploads'
import { useShowOrder } from './use'

interface Props {
  link: string
  order: Order
  offer: Offer
  uploads: Upload[]
}

interface Told {
  pet_name: string
  species: string
  breed: string
  born: string
  words: string
  language: Order['language']
  styles: Style[]
  email: string
  tribute: boolean
}

const LONGEST = { pet_name: 100, species: 50, breed: 100, words: 4000 } as const

function toldBy(order: Order): Told {
  const { pet_name, words, language, styles, tribute } = order
  const { species, breed, born, email } = order
  return {
    pet_name,
    species: species ?? '',
    breed: breed ?? '',
    born: born ?? '',
    words,
    language,
    styles,
    email: email ?? '',
    tribute,
  }
}

/** As the API takes it: what is optional and left empty is nothing. */
function changeOf(told: Told): OrderChange {
  const optional = (text: string) => text.trim() || null
  return {
    ...told,
    pet_name: told.pet_name.trim(),
    email: told.email.trim(),
    species: optional(told.species),
    breed: optional(told.breed),
    born: told.born || null,
  }
}

export function StoryStep({ link, order, offer, uploads }: Props) {
  const { t } = useTranslation()
  const show = useShowOrder(link)
  const form = useForm<Told>({
    initialValues: { ...toldBy(order), ...typedFor(link) },
    onValuesChange: (told) => keepTyped(link, told),
    validate: {
      pet_name: (name) => (name.trim() ? null : t('need.pet_name')),
      email: (email) => (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email.trim()) ? null : t('need.email')),
      styles: (styles) => (styles.length > 0 ? null : t('need.styles')),
      born: (born) => (born && born > new Date().toISOString().slice(0, 10) ? t('need.born') : null),
    },
  })
  const tell = useMutation({
    mutationFn: async (told: Told) => {
      const changed = await changeOrder(link, changeOf(told))
      show(changed)
      if (changed.state !== 'preview_ready') show(await askForPreview(link))
    },
    onSuccess: () => {
      forgetTyped()
      goToStep('preview')
    },
    onError: (error) => {
      if (error instanceof Problem) form.setErrors(error.fields)
    },
  })
  const send = () => tell.mutate(form.values)
  // An order whose preview is being drawn takes no photos.
  const still = uploads.filter((one) => one.stage !== 'failed').length
  return (
    <Titled title={t('story.title', { name: order.pet_name })} about={t('story.about')} step="story">
      <form onSubmit={form.onSubmit(send)} noValidate aria-label={t('story.title', { name: order.pet_name })}>
        <Stack>
          <Styles form={form} offer={offer} />
          <Textarea
            label={t('field.words')}
            description={t('field.words_hint')}
            autosize
            minRows={4}
            maxRows={12}
            maxLength={LONGEST.words}
            {...form.getInputProps('words')}
          />
          <About form={form} offer={offer} />
          <div role="status">{still > 0 && <Text size="sm">{t('photos.still', { count: still })}</Text>}</div>
          {tell.error && <Trouble error={tell.error} again={send} />}
          <Group className="act" wrap="nowrap">
            <Button variant="default" size="md" onClick={() => goToStep('photos')}>
              {t('back')}
            </Button>
            <Button
              type="submit"
              size="md"
              flex={1}
              disabled={still > 0}
              loading={tell.isPending}
              rightSection={<ArrowRight aria-hidden />}
            >
              {t('story.preview')}
            </Button>
          </Group>
        </Stack>
      </form>
      <Footer link={link} order={order} />
    </Titled>
  )
}

type Form = UseFormReturnType<Told>

function Styles({ form, offer }: { form: Form; offer: Offer }) {
  const { t } = useTranslation()
  const full = form.values.styles.length >= offer.styles_most
  return (
    <Checkbox.Group
      label={t('field.styles')}
      description={t('field.styles_hint')}
      withAsterisk
      {...form.getInputProps('styles')}
    >
      <SimpleGrid cols={3} spacing="xs" mt="xs">
        {offer.styles.map((style) => (
          <Stack key={style} gap={4}>
            <Image className="drawn" src={SAMPLES[style]} alt="" width={261} height={348} />
            <Checkbox
              value={style}
              label={t(`style.${style}`)}
              disabled={full && !form.values.styles.includes(style)}
            />
          </Stack>
        ))}
      </SimpleGrid>
    </Checkbox.Group>
  )
}

function About({ form, offer }: { form: Form; offer: Offer }) {
  const { t } = useTranslation()
  return (
    <>
      <TextInput
        label={t('field.pet_name')}
        required
        maxLength={LONGEST.pet_name}
        {...form.getInputProps('pet_name')}
      />
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        <TextInput
          label={t('field.species')}
          placeholder={t('field.species_hint')}
          maxLength={LONGEST.species}
          {...form.getInputProps('species')}
        />
        <TextInput label={t('field.breed')} maxLength={LONGEST.breed} {...form.getInputProps('breed')} />
        <TextInput label={t('field.born')} type="date" {...form.getInputProps('born')} />
      </SimpleGrid>
      <NativeSelect
        label={t('field.language')}
        data={offer.languages.map((value) => ({ value, label: SPOKEN[value] }))}
        {...form.getInputProps('language')}
      />
      <TextInput label={t('field.email')} required type="email" autoComplete="email" {...form.getInputProps('email')} />
      <Switch
        label={t('field.tribute')}
        description={<Text span>{t('field.tribute_hint')}</Text>}
        {...form.getInputProps('tribute', { type: 'checkbox' })}
      />
    </>
  )
}
