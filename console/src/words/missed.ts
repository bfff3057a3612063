/** What i18next is told, so that words that are not there are an error in the browser's console, not a key on a page. */
export const MISSED = {
  saveMissing: true,
  missingKeyHandler: (_languages: readonly string[], namespace: string, key: string, shown: string) => {
    if (shown === key) console.error(`There are no words for ${namespace}:${key}.`)
  },
}
