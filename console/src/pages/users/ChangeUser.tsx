import { Button, Divider, Group, Stack, Switch, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { answer, api, tagged } from '~/api/client'
import type { components } from '~/api/schema'
import { confirm } from '~/look/confirm'
import { Failure } from '~/look/Failure'
import { beyondFields, toFields } from '~/look/fields'
import { Tagged } from '~/look/Tagged'
import { tell } from '~/look/tell'
import { useMay, useMe } from '~/session/use'
import { RolePicker } from '../roles/choices'

type User = components['schemas']['UserView']

const FIELDS = ['name', 'roles', 'enabled']

/** What a member is here: name, roles, whether they may come in; and their removal. */
export function ChangeUser({ id, done }: { id: string; done: () => void }) {
  const read = () => tagged(api.GET('/api/v2/users/{user_id}', { params: { path: { user_id: id } } }))
  return (
    <Tagged queryKey={['users', id]} read={read}>
      {({ data, etag, again }) => <Form user={data} etag={etag} again={again} done={done} />}
    </Tagged>
  )
}

interface Props {
  user: User
  etag: string
  again: () => void
  done: () => void
}

function Form({ user, etag, again, done }: Props) {
  const { t } = useTranslation(['users', 'common'])
  const may = useMay()('users:write')
  const me = useMe()
  const stored = useQueryClient()
  const { name, roles, enabled } = user
  const form = useForm({ initialValues: { name, roles, enabled } })
  const params = { path: { user_id: user.id }, header: { 'If-Match': etag } }
  function ended(words: string): void {
    void stored.invalidateQueries({ queryKey: ['users', 'list'] })
    tell(words)
    done()
  }
  const save = useMutation({
    mutationFn: (body: typeof form.values) => answer(api.PATCH('/api/v2/users/{user_id}', { params, body })),
    onSuccess: () => ended(t('saved', { ns: 'common' })),
    onError: (error) => toFields(form, FIELDS, error),
  })
  const remove = useMutation({
    mutationFn: () => api.DELETE('/api/v2/users/{user_id}', { params }),
    onSuccess: () => ended(t('removed', { name: user.name })),
  })
  const refused = [remove.error, save.error].find((error) => beyondFields(FIELDS, error))
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack>
        {refused && <Failure error={refused} again={again} />}
        <Text size="sm">
          {user.email ?? '–'}
          {me.data?.user_id === user.id && ` · ${t('yourself')}`}
        </Text>
        <TextInput label={t('name')} autoComplete="off" required disabled={!may} {...form.getInputProps('name')} />
        <RolePicker label={t('roles')} {...form.getInputProps('roles')} />
        <Switch
          label={t('may_come_in')}
          description={t('may_come_in_hint')}
          disabled={!may}
          {...form.getInputProps('enabled', { type: 'checkbox' })}
        />
        {may && (
          <>
            <Group justify="flex-end">
              <Button type="submit" loading={save.isPending}>
                {t('save', { ns: 'common' })}
              </Button>
            </Group>
            <Divider />
            <Group justify="space-between">
              <Text size="sm" c="dimmed" flex={1}>
                {t('remove_hint')}
              </Text>
              <Button
                color="red"
                variant="light"
                loading={remove.isPending}
                onClick={() =>
                  confirm(t, {
                    title: t('remove'),
                    text: t('remove_sure', { name: user.name }),
                    act: t('remove'),
                    done: () => remove.mutate(),
                  })
                }
              >
                {t('remove')}
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </form>
  )
}
