import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { answer, api } from '~/api/client'
import type { components } from '~/api/schema'

export type Mail = components['schemas']['MailView']
export type MailDetail = components['schemas']['MailDetailView']
export type Attachment = components['schemas']['AttachmentView']

export interface Asked {
  to?: string
  search?: string
  page?: number
}

const EACH = 10_000
const SHOWN_IMAGE = 2_000_000

export function useMails(asked: Asked) {
  return useQuery({
    queryKey: ['mails', 'list', asked],
    queryFn: async () => answer(api.GET('/api/v2/development/mails', { params: { query: asked } })),
    placeholderData: keepPreviousData,
    refetchInterval: EACH,
  })
}

/** A mail never changes, so it is read once. */
export function useMail(id: string) {
  const path = { mail_id: id }
  return useQuery({
    queryKey: ['mails', 'one', id],
    queryFn: async () => (await answer(api.GET('/api/v2/development/mails/{mail_id}', { params: { path } }))).data,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** The images that the mail's HTML names of what is attached, by content id, as data. */
export function useImages(mail: MailDetail) {
  const wanted = mail.attachments.filter(
    (one) =>
      one.content_id &&
      one.size < SHOWN_IMAGE &&
      /^image\/(png|jpe?g|gif|webp)$/.test(one.media_type) &&
      mail.html?.includes(`cid:${one.content_id}`),
  )
  return useQuery({
    queryKey: ['mails', 'images', mail.id],
    enabled: wanted.length > 0,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const read = wanted.map(async (one) => [one.content_id, await asData(await attachment(mail.id, one), one)])
      return Object.fromEntries(await Promise.all(read)) as Record<string, string>
    },
  })
}

export async function attachment(id: string, { number }: Attachment): Promise<Blob> {
  const path = { mail_id: id, number }
  const asked = api.GET('/api/v2/development/mails/{mail_id}/attachments/{number}', {
    params: { path },
    parseAs: 'blob',
  })
  return (await answer(asked)) as unknown as Blob
}

export async function source(id: string): Promise<Blob> {
  const path = { mail_id: id }
  const asked = api.GET('/api/v2/development/mails/{mail_id}/source', { params: { path }, parseAs: 'blob' })
  return (await answer(asked)) as unknown as Blob
}

/** Hand a file to the browser to be saved. */
export function save(content: Blob, name: string): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}

function asData(content: Blob, { media_type }: Attachment): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(new Blob([content], { type: media_type }))
  })
}
