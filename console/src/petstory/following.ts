import { streamAddress } from './api'

export type Standing = 'connecting' | 'open' | 'away' | 'void'

/** What `Following` needs of a stream; a browser's own `EventSource`, or that of a test. */
export interface Source {
  readonly readyState: number
  onopen: ((event: Event) => void) | null
  onerror: ((event: Event) => void) | null
  onmessage: ((event: MessageEvent) => void) | null
  addEventListener(name: string, listener: (event: MessageEvent) => void): void
  close(): void
}

const CLOSED = 2
const FIRST_WAIT = 1_000
const LONGEST_WAIT = 30_000

/**
 * Hears that something has become of an order. It tells nothing but that: what is shown is read. A stream that ends is
 * opened anew, by the browser where it does so itself, else here, from the last id on.
 */
export class Following {
  #source: Source | null = null
  #last = ''
  #wait = 0
  #timer: ReturnType<typeof setTimeout> | null = null
  #standing: Standing = 'connecting'

  constructor(
    private readonly link: string,
    private readonly changed: () => void,
    private readonly stands: (standing: Standing) => void,
    private readonly open: (address: string) => Source = (address) => new EventSource(address),
  ) {}

  start(): void {
    this.#connect()
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#source?.close()
    this.#source = null
  }

  /** The network is back, or the page is looked at again: no reason to wait. */
  hurry = (): void => {
    if (this.#standing !== 'away') return
    this.stop()
    this.#connect()
  }

  #connect(): void {
    const query = this.#last ? `?since=${encodeURIComponent(this.#last)}` : ''
    const source = this.open(streamAddress(this.link) + query)
    this.#source = source
    source.onopen = () => this.#become('open')
    source.onmessage = (event) => this.#heard(event)
    for (const name of ['subscribed', 'gap']) source.addEventListener(name, (event) => this.#heard(event))
    source.addEventListener('closed', () => this.#ended())
    source.onerror = () => this.#broke(source)
  }

  #heard(event: MessageEvent): void {
    this.#wait = 0
    if (event.lastEventId) this.#last = event.lastEventId
    this.changed()
  }

  #ended(): void {
    this.stop()
    this.#become('void')
    this.changed()
  }

  #broke(source: Source): void {
    if (source !== this.#source) return
    this.#become('away')
    if (source.readyState !== CLOSED) return
    // It was refused: the browser does not come back by itself.
    this.stop()
    this.#wait = Math.min(LONGEST_WAIT, this.#wait * 2 || FIRST_WAIT)
    this.#timer = setTimeout(() => this.#connect(), this.#wait)
  }

  #become(standing: Standing): void {
    if (this.#standing === standing) return
    this.#standing = standing
    this.stands(standing)
  }
}
