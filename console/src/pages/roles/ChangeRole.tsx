import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
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
import { useMay } from '~/session/use'
import { PermissionPicker } from './PermissionPicker'

type Role = components['schemas']['RoleView']

const FIELDS = ['description', 'permissions']

/** A role: what it allows, and where it is one's own, changing and deleting it. */
export function ChangeRole({ name, done }: { name: string; done: () => void }) {
  const read = () => tagged(api.GET('/api/v2/roles/{name}', { params: { path: { name } } }))
  return (
    <Tagged queryKey={['roles', name]} read={read}>
      {({ data, etag, again }) => <Form role={data} etag={etag} again={again} done={done} />}
    </Tagged>
  )
}

interface Props {
  role: Role
  etag: string
  again: () => void
  done: () => void
}

function Form({ role, etag, again, done }: Props) {
  const { t } = useTranslation(['roles', 'common'])
  const mayWrite = useMay()('roles:write')
  const fixed = role.built_in || !mayWrite
  const stored = useQueryClient()
  const form = useForm({ initialValues: { description: role.description, permissions: role.permissions } })
  const params = { path: { name: role.name }, header: { 'If-Match': etag } }
  function ended(words: string): void {
    void stored.invalidateQueries({ queryKey: ['roles', 'list'] })
    void stored.invalidateQueries({ queryKey: ['permissions'] })
    tell(words)
    done()
  }
  const save = useMutation({
    mutationFn: (body: typeof form.values) => answer(api.PATCH('/api/v2/roles/{name}', { params, body })),
    onSuccess: () => ended(t('saved', { ns: 'common' })),
    onError: (error) => toFields(form, FIELDS, error),
  })
  const remove = useMutation({
    mutationFn: () => api.DELETE('/api/v2/roles/{name}', { params }),
    onSuccess: () => ended(t('removed', { name: role.name })),
  })
  const refused = [remove.error, save.error].find((error) => beyondFields(FIELDS, error))
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack>
        {refused && <Failure error={refused} again={again} />}
        {role.built_in ? (
          <Text>{t(`built_in.${role.name}`)}</Text>
        ) : (
          <TextInput
            label={t('description')}
            autoComplete="off"
            disabled={fixed}
            {...form.getInputProps('description')}
          />
        )}
        <PermissionPicker disabled={fixed} {...form.getInputProps('permissions')} />
        {!fixed && (
          <Group justify="space-between">
            <Button
              color="red"
              variant="light"
              loading={remove.isPending}
              onClick={() =>
                confirm(t, {
                  title: t('remove'),
                  text: t('remove_sure', { name: role.name }),
                  act: t('remove'),
                  done: () => remove.mutate(),
                })
              }
            >
              {t('remove')}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t('save', { ns: 'common' })}
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  )
}
