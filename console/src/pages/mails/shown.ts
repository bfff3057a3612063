/** A mail's HTML as it may be shown, and where its links lead. */
interface ShownMail {
  html: string
  links: Link[]
}

export interface Link {
  text: string
  href: string
}

const RUNS = 'script, iframe, frame, object, embed, applet, base, meta, link, form, svg, math, audio, video, template'
const FETCHES = ['srcset', 'poster', 'background', 'ping', 'action', 'formaction', 'data', 'xlink:href']
const STYLED = 'data-styled'
const SHEET = 'x-sheet'
const GROUND = 'html { color-scheme: light; background: #fff; color: #000; font-family: sans-serif }'
const TAG = /<[a-z](?:"[^"]*"|'[^']*'|[^'"<>])*>/gi

/**
 * The HTML without anything that runs, leads away or is fetched, for a frame that may do nothing of it anyway: the page's
 * policy would stop each of them and complain. Styles stay: those of elements become rules of a sheet with the page's
 * nonce. Links are listed instead of followed. `images`: by content id, what the mail brought along, as data.
 */
export function shownMail(html: string, nonce: string, images: Record<string, string> = {}): ShownMail {
  const mail = new DOMParser().parseFromString(muted(html), 'text/html')
  const links = linksOf(mail)
  for (const one of mail.querySelectorAll(RUNS)) one.remove()
  for (const image of mail.querySelectorAll('img')) showImage(mail, image, images)
  const rules: string[] = []
  for (const element of mail.querySelectorAll('*')) bare(element, rules)
  const sheets = [...mail.querySelectorAll(SHEET)].map((sheet) => {
    sheet.remove()
    return quiet(sheet.textContent ?? '')
  })
  const styles = [GROUND, ...sheets, ...rules].join('\n').replaceAll('</', '')
  const head = `<meta charset="utf-8"><style nonce="${nonce}">${styles}</style>`
  return { html: `<!doctype html><html><head>${head}</head>${mail.body.outerHTML}</html>`, links }
}

/** Every address that a text names. */
export function linksIn(text: string): Link[] {
  const found = text.match(/https?:\/\/[^\s<>"']+/g) ?? []
  const whole = found.map((one) => one.replace(/[).,;:!?]+$/, ''))
  return [...new Set(whole)].map((href) => ({ text: '', href }))
}

/** With other names for what a browser would judge by the page's policy as soon as it reads the mail. */
function muted(html: string): string {
  const named = html.replace(/<(\/?)style\b/gi, `<$1${SHEET}`)
  return named.replace(TAG, (tag) => tag.replace(/([\s"'/])(style|on\w+)(?=\s*=)/gi, '$1data-$2'))
}

function linksOf(mail: Document): Link[] {
  const found = new Map<string, Link>()
  for (const one of mail.querySelectorAll('a[href], area[href]')) {
    const href = (one.getAttribute('href') ?? '').trim()
    if (/^(https?|mailto):/i.test(href) && !found.has(href))
      found.set(href, { text: one.textContent?.trim() ?? '', href })
  }
  return [...found.values()]
}

function showImage(mail: Document, image: HTMLImageElement, images: Record<string, string>): void {
  const source = image.getAttribute('src') ?? ''
  const own = images[source.replace(/^cid:/i, '')]
  if (own) image.setAttribute('src', own)
  else if (!/^data:image\/(png|jpe?g|gif|webp);/i.test(source)) {
    const words = mail.createElement('span')
    words.textContent = `[${image.getAttribute('alt') || '…'}]`
    image.replaceWith(words)
  }
}

function bare(element: Element, rules: string[]): void {
  const style = element.getAttribute('data-style')
  if (style) {
    element.setAttribute(STYLED, String(rules.length))
    rules.push(`[${STYLED}="${rules.length}"] { ${quiet(style).replace(/[{}]/g, '')} }`)
  }
  for (const { name } of [...element.attributes]) {
    const href = name === 'href'
    if (name === 'style' || name === 'data-style' || /^(data-)?on/.test(name) || FETCHES.includes(name) || href)
      element.removeAttribute(name)
  }
}

/** Style sheets that fetch nothing. */
function quiet(style: string): string {
  return style
    .replace(/@import[^;]*;?/gi, '')
    .replace(/url\s*\(\s*(?!['"]?data:image\/)[^)]*\)/gi, 'none')
    .replace(/(image-set|image|element|cross-fade)\s*\([^)]*\)/gi, 'none')
}
