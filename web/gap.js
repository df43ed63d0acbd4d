// Why entries of the log are missing, in the language of the page where the log's own words are known.
import { t } from "./words.js";

/** What the log says, or a part of it. @type {[string, import("./words.js").Key][]} */
const WHY = [
  ["they came faster than the disk took them", "gap.crowd"],
  ["the disk took none", "gap.disk"],
  ["ended without a farewell", "gap.ended"],
];

/**
 * A sentence of a gap, and why, if anybody knows.
 * @param {string} sentence
 * @param {string} why as the log tells it
 */
export function because(sentence, why) {
  const known = WHY.find(([words]) => why.includes(words));
  const told = known ? t(known[1]) : why;
  return told ? `${sentence}: ${told}` : sentence;
}
