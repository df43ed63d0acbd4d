// The language of the page: which one, and what it says for a key. A language is one file with the keys of words-en.js.
import { de } from "./words-de.js";
import { en } from "./words-en.js";

/** @typedef {keyof typeof en} Key */
/** @typedef {Record<string, string | number>} Values */

/** Every language by its tag. @type {Record<string, Record<Key, string>>} */
const ALL = { en, de };

let language = "en";
/** @type {Set<() => void>} */
const listeners = new Set();

/** The tags of the languages, as buttons offer them. */
export const LANGUAGES = Object.keys(ALL);

/**
 * The first language that a person reads and the page has; English if there is none.
 * @param {string | null} chosen by hand
 * @param {readonly string[]} wanted by the browser, best first
 */
export function pick(chosen, wanted) {
  const tags = [chosen ?? "", ...wanted].map((tag) => tag.toLowerCase().split("-")[0] ?? "");
  return tags.find((tag) => LANGUAGES.includes(tag)) ?? "en";
}

/** How dates are written: as the person's own browser does where it has the language of now. */
export function locale() {
  const own = typeof navigator === "undefined" ? [] : (navigator.languages ?? []);
  return own.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? language;
}

/**
 * What a dictionary says for a key in the language of now.
 * @template {string} K
 * @param {Record<string, Record<K, string>>} all by the tag of the language
 * @param {K} key
 * @param {Values} [values] for the places in braces
 */
export function word(all, key, values = {}) {
  const text = (all[language] ?? all.en)?.[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * What the page says for a key.
 * @param {Key} key
 * @param {Values} [values] for the places in braces
 */
export function t(key, values) {
  return word(ALL, key, values);
}

/**
 * A place in a row: 1st, 2nd, 3rd.
 * @param {number} n
 */
export function nth(n) {
  const kind = new Intl.PluralRules(language, { type: "ordinal" }).select(n);
  return t(/** @type {Key} */ (`ordinal.${kind}`), { n });
}

/**
 * A sentence of the relay or the robot: ours for its code if there is one, with the detail that theirs has in brackets.
 * @param {string} code
 * @param {string} why
 */
export function said(code, why) {
  const key = `code.${code}`;
  if (!Object.hasOwn(en, key)) return why;
  const detail = / \((.*)\)$/.exec(why)?.[0] ?? "";
  return t(/** @type {Key} */ (key)) + detail;
}

/**
 * Runs now, and whenever the language changes.
 * @param {() => void} run
 */
export function inWords(run) {
  listeners.add(run);
  run();
}

/**
 * Writes what index.html says in the language of now. It stands there in English already.
 * @param {ParentNode} root
 */
function translate(root) {
  for (const element of root.querySelectorAll("[data-t]")) {
    element.textContent = t(/** @type {Key} */ (element.getAttribute("data-t")));
  }
  for (const name of ["aria-label", "placeholder", "title"]) {
    for (const element of root.querySelectorAll(`[data-t-${name}]`)) {
      element.setAttribute(name, t(/** @type {Key} */ (element.getAttribute(`data-t-${name}`))));
    }
  }
}

/** @param {string} tag one of `LANGUAGES` */
export function speak(tag) {
  if (tag === language) return;
  language = tag;
  if (typeof document !== "undefined") {
    document.documentElement.lang = tag;
    translate(document);
  }
  for (const run of listeners) run();
}
