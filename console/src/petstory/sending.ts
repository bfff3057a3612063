import { offline, Problem } from '~/api/problem'
import { type Order, photosAddress } from './api'

/** Sends a file; `onProgress` is told the share that has left, from 0 to 1. Rejects with a `Problem`. */
export type Send = (file: File, onProgress: (share: number) => void, signal: AbortSignal) => Promise<Order>

/** Sending photos to an order. It is the one request of the shop of which a browser tells how far it is. */
export function sender(link: string): Send {
  return (file, onProgress, signal) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest()
      const form = new FormData()
      form.append('photos', file, file.name || 'photo')
      request.open('POST', photosAddress(link))
      request.responseType = 'json'
      request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0)
      request.onload = () => {
        if (request.status === 201) resolve(request.response.data as Order)
        else reject(refusal(request))
      }
      request.onerror = () => reject(offline())
      signal.addEventListener('abort', () => request.abort())
      request.onabort = () => reject(new DOMException('', 'AbortError'))
      request.send(form)
    })
}

function refusal(request: XMLHttpRequest): Problem {
  const wait = request.getResponseHeader('Retry-After')
  return new Problem(request.status, request.response ?? {}, wait === null ? null : Number(wait))
}
