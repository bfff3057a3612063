import { describe, expect, it } from 'vitest'
import { linksIn, shownMail } from './shown'

const shown = (html: string, images = {}) => shownMail(html, 'n0nce', images)
const body = (html: string, images = {}) => new DOMParser().parseFromString(shown(html, images).html, 'text/html')

describe('a mail that is shown', () => {
  it.each([
    '<script>alert(1)</script>',
    '<p onclick="x()" ONMOUSEOVER=y()>a</p>',
    '<iframe src="https://example.org"></iframe>',
    '<meta http-equiv="refresh" content="0;url=https://example.org">',
    '<base href="https://example.org/"><link rel="stylesheet" href="x.css">',
    '<form action="https://example.org"><button formaction="x">a</button></form>',
    '<svg onload="x()"><use xlink:href="https://example.org#a"/></svg>',
    '<img src="https://example.org/track.png"><img srcset="https://example.org/a 2x">',
    '<table background="https://example.org/a.png"></table>',
    '<a href="javascript:x()">a</a><a ping="https://example.org" href="https://example.org">b</a>',
    '<p style="background: url(https://example.org/a.png)">a</p>',
    '<style>@import "https://example.org/a.css"; p { background: URL( "https://example.org/a" ) }</style>',
  ])('has nothing that runs, leads away or is fetched: %s', (html) => {
    const { outerHTML } = body(html).documentElement
    expect(outerHTML).not.toMatch(/example\.org|javascript:|\son\w+=|<script|<form|<meta http|@import/i)
    expect(outerHTML).not.toMatch(/\s(style|href|src|srcset|action)=/i)
  })

  it('keeps its styles, under the nonce of the page', () => {
    const found = body('<style>p { margin: 0 }</style><p style="color: red">a</p><i style="color: blue}b{">b</i>')
    const sheets = [...found.querySelectorAll('style')]
    expect(sheets.map((one) => one.getAttribute('nonce'))).toEqual(['n0nce'])
    const text = sheets.map((one) => one.textContent).join()
    expect(text).toContain('p { margin: 0 }')
    expect(text).toContain('[data-styled="0"] { color: red }')
    expect(text).toContain('[data-styled="1"] { color: blueb }')
    expect(found.querySelector('p')?.getAttribute('data-styled')).toBe('0')
  })

  it('cannot end the sheet that its styles are in', () => {
    const found = body('<p style="color: red</style><b id=out>">a</p><style>p { color: red }</style><i>b</i>')
    expect(found.querySelectorAll('style')).toHaveLength(1)
    expect(found.querySelector('#out')).toBeNull()
    expect(found.querySelector('i')?.textContent).toBe('b')
  })

  it('lists its links, each once', () => {
    const html =
      '<a href="https://a.example/x?y=1&amp;z=2">Confirm</a> <a href=" https://a.example/x?y=1&z=2">again</a>'
    expect(shown(`${html}<a href="javascript:x()">no</a><a href="/relative">no</a>`).links).toEqual([
      { text: 'Confirm', href: 'https://a.example/x?y=1&z=2' },
    ])
  })

  it('shows the images that came with it, and the words of others', () => {
    const data = 'data:image/png;base64,AAAA'
    const found = body('<img src="cid:cover@house"><img alt="Logo" src="https://example.org/logo">', {
      'cover@house': data,
    })
    expect(found.querySelector('img')?.getAttribute('src')).toBe(data)
    expect(found.body.textContent).toContain('[Logo]')
  })
})

describe('a text', () => {
  it('names addresses, without what ends its sentences', () => {
    expect(linksIn('Go to https://a.example/x#token=1. Or (http://b.example)!\nhttps://a.example/x#token=1')).toEqual([
      { text: '', href: 'https://a.example/x#token=1' },
      { text: '', href: 'http://b.example' },
    ])
  })
})
