import { Button, Group, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { answer, api } from '~/api/client'
import { useKeys } from '~/api/repeated'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { tell } from '~/look/tell'
import { language } from '~/words/words'
import { RolePicker } from '../roles/choices'

const FIELDS = ['email', 'roles']

/** Mails somebody an invitation, in the language of this page. */
export function Invite({ done }: { done: () => void }) {
  const { t } = useTranslation(['invitations', 'common'])
  const stored = useQueryClient()
  const keys = useKeys()
  const form = useForm({ initialValues: { email: '', roles: ['user'] } })
  const invite = useMutation({
    mutationFn: (body: typeof form.values) =>
      answer(
        api.POST('/api/v2/invitations', {
          params: { header: { 'Idempotency-Key': keys.of(body) } },
          headers: { 'Accept-Language': language() },
          body,
        }),
      ),
    onSuccess: ({ data }) => {
      void stored.invalidateQueries({ queryKey: ['invitations'] })
      tell(t('invited', { email: data.email }))
      done()
    },
    onError: (error) => toFields(form, FIELDS, error),
    onSettled: (_, error) => keys.ended(error),
  })
  return (
    <form onSubmit={form.onSubmit((values) => invite.mutate(values))} noValidate>
      <Stack>
        {beyondFields(FIELDS, invite.error) && <Failure error={invite.error} />}
        <TextInput label={t('email')} type="email" autoComplete="off" required {...form.getInputProps('email')} />
        <RolePicker label={t('roles')} {...form.getInputProps('roles')} />
        <Group justify="flex-end">
          <Button type="submit" loading={invite.isPending}>
            {t('invite')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
