// What this browser remembers of a person's choices. Private windows forget it with the page, and that is no error.

/** For as long as the page lives, where the browser keeps nothing. @type {Map<string, string>} */
const spare = new Map();

/**
 * @param {string} key
 * @returns {string | null}
 */
export function recall(key) {
  try {
    return localStorage.getItem(`joywire.${key}`) ?? spare.get(key) ?? null;
  } catch {
    return spare.get(key) ?? null;
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
export function keep(key, value) {
  spare.set(key, value);
  try {
    localStorage.setItem(`joywire.${key}`, value);
  } catch {
    // No storage, or none left: the page remembers it until it is closed.
  }
}
