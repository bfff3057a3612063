import { Button, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { useKeys } from '~/api/repeated'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { tell } from '~/look/tell'
import { RolePicker } from '../roles/choices'

const FIELDS = ['email', 'name', 'password', 'roles']

/** A new member; an account that exists already is let in as it is. */
export function NewUser({ done }: { done: () => void }) {
  const { t } = useTranslation(['users', 'common'])
  const stored = useQueryClient()
  const keys = useKeys()
  const form = useForm({ initialValues: { email: '', name: '', password: '', roles: ['user'] } })
  const make = useMutation({
    mutationFn: ({ password, ...values }: typeof form.values) => {
      const body = { ...values, password: password || null }
      return answer(api.POST('/api/v2/users', { params: { header: { 'Idempotency-Key': keys.of(body) } }, body }))
    },
    onSuccess: ({ data }) => {
      void stored.invalidateQueries({ queryKey: ['users'] })
      tell(t('made', { name: data.name }))
      done()
    },
    onError: (error) => toFields(form, FIELDS, error),
    onSettled: (_, error) => keys.ended(error),
  })
  return (
    <form onSubmit={form.onSubmit((values) => make.mutate(values))} noValidate>
      <Stack>
        {beyondFields(FIELDS, make.error) && <Failure error={make.error} />}
        <TextInput label={t('email')} type="email" autoComplete="off" required {...form.getInputProps('email')} />
        <TextInput label={t('name')} autoComplete="off" required {...form.getInputProps('name')} />
        <PasswordInput
          label={t('password')}
          description={t('password_hint')}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ 'aria-label': t('show_password') }}
          {...form.getInputProps('password')}
        />
        <RolePicker label={t('roles')} {...form.getInputProps('roles')} />
        <Text size="sm" c="dimmed">
          {t('known_account')}
        </Text>
        <Group justify="flex-end">
          <Button type="submit" loading={make.isPending}>
            {t('make')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
