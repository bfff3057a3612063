function said(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? ''
}

const written = said('esteio-prefix')

/** The path below which the house stands, without a slash at its end; empty at the root of a host. */
export const prefix = written === '__PREFIX__' ? '' : written

/** The nonce under which this page may have styles. */
export const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''
