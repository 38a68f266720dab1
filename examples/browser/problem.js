/** What is wrong with a bundle, in words that the page has in both languages. */
export class Problem extends Error {
  /** @param {string} key of strings.js @param {Record<string, string>} values for its places */
  constructor(key, values = {}) {
    super(key);
    this.values = values;
  }
}
