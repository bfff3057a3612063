import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  parseThemeColor,
  type VariantColorsResolver,
} from '@mantine/core'

/** What is filled with a colour is lighter where all else is dark: then what stands on it is dark. */
const onFilled: VariantColorsResolver = (input) => {
  const made = defaultVariantColorsResolver(input)
  const color = parseThemeColor({ color: input.color || input.theme.primaryColor, theme: input.theme })
  if (input.variant !== 'filled' || !color.isThemeColor || color.shade !== undefined || color.color === 'dark')
    return made
  return { ...made, color: 'light-dark(var(--mantine-color-white), var(--mantine-color-black))' }
}

/** One look for all pages; src/esteio/app/assets/page.css has the same colours for pages without a script. */
export const theme = createTheme({
  primaryColor: 'cyan',
  primaryShade: { light: 9, dark: 4 },
  autoContrast: true,
  variantColorResolver: onFilled,
  defaultRadius: 'md',
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
  headings: { fontWeight: '650' },
  components: {
    // The header of a dialog is not that of the page, which a `header` outside of any section would be.
    ModalHeader: { defaultProps: { component: 'div' } },
    DrawerHeader: { defaultProps: { component: 'div' } },
  },
})

/** What is lightly filled gets lighter under the pointer: the darker ground of Mantine leaves its words too little. */
function underThePointer(colors: string[]): Record<string, string> {
  const own = colors.filter((name) => name !== 'dark')
  return Object.fromEntries(
    own.map((name) => [`--mantine-color-${name}-light-hover`, `var(--mantine-color-${name}-0)`]),
  )
}

/** Text that is less important is still read: 4.5 to 1 against its ground (WCAG 2.2, 1.4.3). */
export const variables: CSSVariablesResolver = ({ colors }) => ({
  variables: {},
  light: {
    ...underThePointer(Object.keys(colors)),
    '--mantine-color-dimmed': '#5c636a',
    '--mantine-color-placeholder': '#6c737a',
    '--mantine-color-error': '#c92a2a',
    '--mantine-color-yellow-light-color': '#7a4100',
    '--mantine-primary-color-filled-hover': '#095c6b',
    '--mantine-color-cyan-filled-hover': '#095c6b',
    '--mantine-color-red-filled-hover': '#a61e1e',
    '--mantine-color-teal-filled-hover': '#066649',
    '--mantine-color-teal-light-color': '#066649',
  },
  dark: {
    '--mantine-color-dimmed': '#a6adb5',
    '--mantine-color-placeholder': '#8f969d',
    '--mantine-color-error': '#ff8787',
  },
})
