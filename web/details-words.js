// What the details say, in every language; comes with them, so that nobody else waits for it.
import { word } from "./words.js";

/** @typedef {keyof typeof en} Word */

/** English. */
export const en = {
  "title": "The last stop, and the cable",
  "stop": "Last stop",
  "stop.none": "No stop so far.",
  "where": "Where",
  "late": "Too long",

  "age.sample": "Newest sample",
  "age.tick": "What it rested on",
  "age.silence": "Newest word of the robot",
  "age.pause": "Last look of the program",
  "hop.person": "somebody wanted it",
  "hop.network": "between driver and program",
  "hop.agent": "the robot’s program",
  "hop.cable": "the cable to the robot",
  "hop.robot": "the robot itself",
  "cable.title": "The cable to the robot",
  "cable.sent": "Commands sent",
  "cable.accepted": "accepted by the robot",
  "cable.stale": "refused: too old",
  "cable.oldSeq": "refused: a newer one came first",
  "cable.foreign": "refused: of an older session",
  "cable.barred": "refused: not allowed then",
  "cable.noMessage": "refused: not understood",
  "cable.damaged": "Damaged on the way there",
  "cable.badFrames": "Damaged on the way back",
  "cable.refused": "Refused before they were sent",
  "cable.restarts": "Robot restarts",
  "cable.reconnects": "Cable opened again",
};

/** German. @type {Record<Word, string>} */
export const de = {
  "title": "Letzter Halt, und das Kabel",
  "stop": "Letzter Halt",
  "stop.none": "Noch kein Halt.",
  "where": "Wo",
  "late": "Zu lang",

  "age.sample": "Neuester Fahrbefehl",
  "age.tick": "Stand, auf dem er beruht",
  "age.silence": "Letztes Wort des Roboters",
  "age.pause": "Letzter Blick des Programms",
  "hop.person": "jemand wollte es",
  "hop.network": "zwischen Fahrer und Programm",
  "hop.agent": "im Programm des Roboters",
  "hop.cable": "am Kabel zum Roboter",
  "hop.robot": "im Roboter selbst",
  "cable.title": "Das Kabel zum Roboter",
  "cable.sent": "Befehle gesendet",
  "cable.accepted": "vom Roboter angenommen",
  "cable.stale": "abgelehnt: zu alt",
  "cable.oldSeq": "abgelehnt: ein neuerer kam zuerst",
  "cable.foreign": "abgelehnt: aus früherer Sitzung",
  "cable.barred": "abgelehnt: gerade nicht erlaubt",
  "cable.noMessage": "abgelehnt: nicht verstanden",
  "cable.damaged": "Auf dem Hinweg beschädigt",
  "cable.badFrames": "Auf dem Rückweg beschädigt",
  "cable.refused": "Vor dem Senden abgelehnt",
  "cable.restarts": "Neustarts des Roboters",
  "cable.reconnects": "Kabel neu geöffnet",
};

const ALL = { en, de };

/**
 * What the details say for a key in the language of now.
 * @param {Word} key
 * @param {import("./words.js").Values} [values]
 */
export function tell(key, values) {
  return word(ALL, key, values);
}
