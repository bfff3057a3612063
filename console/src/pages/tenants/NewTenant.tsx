import { Button, Fieldset, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { answer, api } from '~/api/client'
import { useKeys } from '~/api/repeated'
import type { components } from '~/api/schema'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { tell } from '~/look/tell'
import { PlanSelect } from './plans'

const FIELDS = ['slug', 'name', 'plan', 'admin.email', 'admin.name', 'admin.password']

interface Values {
  slug: string
  name: string
  plan: string
  admin: { email: string; name: string; password: string }
}

/** What is sent: a first administrator only where an address is named. */
function bodyOf({ slug, name, plan, admin }: Values): components['schemas']['NewTenant'] {
  const first = admin.email.trim()
    ? { email: admin.email, name: admin.name, password: admin.password || null, roles: ['admin'] }
    : null
  return { slug, name, plan: plan || null, admin: first }
}

export function NewTenant({ done }: { done: () => void }) {
  const { t } = useTranslation(['tenants', 'common'])
  const stored = useQueryClient()
  const go = useNavigate()
  const keys = useKeys()
  const form = useForm<Values>({
    initialValues: { slug: '', name: '', plan: '', admin: { email: '', name: '', password: '' } },
  })
  const make = useMutation({
    mutationFn: (values: Values) => {
      const body = bodyOf(values)
      return answer(api.POST('/api/v2/tenants', { params: { header: { 'Idempotency-Key': keys.of(body) } }, body }))
    },
    onSuccess: ({ data }) => {
      void stored.invalidateQueries({ queryKey: ['tenants'] })
      tell(t('made', { name: data.name }))
      done()
      void go(`/tenants/${data.id}`)
    },
    onError: (error) => toFields(form, FIELDS, error),
    onSettled: (_, error) => keys.ended(error),
  })
  return (
    <form onSubmit={form.onSubmit((values) => make.mutate(values))} noValidate>
      <Stack>
        {beyondFields(FIELDS, make.error) && <Failure error={make.error} />}
        <TextInput label={t('name')} autoComplete="off" required {...form.getInputProps('name')} />
        <TextInput
          label={t('slug')}
          description={t('slug_hint')}
          autoComplete="off"
          required
          {...form.getInputProps('slug')}
        />
        <PlanSelect {...form.getInputProps('plan')} />
        <Fieldset legend={t('first_admin')}>
          <Stack>
            <Text size="sm" c="dimmed">
              {t('first_admin_hint')}
            </Text>
            <TextInput label={t('email')} type="email" autoComplete="off" {...form.getInputProps('admin.email')} />
            <TextInput label={t('admin_name')} autoComplete="off" {...form.getInputProps('admin.name')} />
            <PasswordInput
              label={t('password')}
              autoComplete="new-password"
              visibilityToggleButtonProps={{ 'aria-label': t('show_password') }}
              {...form.getInputProps('admin.password')}
            />
          </Stack>
        </Fieldset>
        <Group justify="flex-end">
          <Button type="submit" loading={make.isPending}>
            {t('make')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
