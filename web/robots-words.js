// What the list of robots says, in every language; comes with it, so that whoever has one robot waits for none of it.
import { word } from "./words.js";

/** @typedef {keyof typeof en} Word */

/** English. */
export const en = {
  "title": "Robots",
  "close": "Close the robots",
  "list": "All robots",
  "choose": "Which robot?",
  "choose.words": "You are at the robot that you tap, and at no other.",
  "missing": "{name} is not connected to the relay",
  "missing.words": "As soon as it is, this page is at it by itself. Or tap another one.",
  "missing.alone": "As soon as it is, this page is at it by itself. There is no other robot now.",
  "denied": "{name} is not for this device",
  "denied.words": "It was let in for another robot. Tap that one, or ask an operator.",
  "none": "No robot is connected to the relay yet",
  "none.words": "As soon as one is, it appears here.",
  "go": "Go to {name}",
  "here": "here",
  "away": "Not connected",
  "nobody": "nobody drives",
  "drives": "{name} drives",
  "one": "1 device",
  "many": "{n} devices",
  "kick": "Take the seat away",
  "kick.sure": "Really? For half a minute",
  "kick.done": "{name} has left the seat of {robot}",
  "kick.refused": "The seat was not taken away",
  "quiet": "The relay did not answer: try again",
  "stop": "STOP ALL",
  "stop.count": "{n} robots, at once",
  "stop.waiting": "Not confirmed yet: {names}",
  "stop.offline": "STOP ALL is not through yet: no connection. It is sent as soon as there is one",
  "stop.done": "All robots have confirmed: they are stopped",
  "stop.owed": "Stopped. Not connected, and to be stopped as soon as it is back: {names}",
  "stop.reset": "A robot was reset in between, so STOP ALL is not repeated. Not confirmed: {names}",
  "stop.refused": "STOP ALL was refused",
};

/** German. @type {Record<Word, string>} */
export const de = {
  "title": "Roboter",
  "close": "Roboter schließen",
  "list": "Alle Roboter",
  "choose": "Welcher Roboter?",
  "choose.words": "Du bist bei dem Roboter, den du antippst, und bei keinem anderen.",
  "missing": "{name} ist nicht mit dem Relay verbunden",
  "missing.words": "Sobald er es ist, ist diese Seite von selbst bei ihm. Oder tippe einen anderen an.",
  "missing.alone": "Sobald er es ist, ist diese Seite von selbst bei ihm. Gerade gibt es keinen anderen.",
  "denied": "{name} ist nicht für dieses Gerät",
  "denied.words": "Es wurde für einen anderen Roboter eingelassen. Tippe den an, oder frag, wer die Roboter betreut.",
  "none": "Noch ist kein Roboter mit dem Relay verbunden",
  "none.words": "Sobald einer es ist, erscheint er hier.",
  "go": "Zu {name}",
  "here": "hier",
  "away": "Nicht verbunden",
  "nobody": "niemand fährt",
  "drives": "{name} fährt",
  "one": "1 Gerät",
  "many": "{n} Geräte",
  "kick": "Steuer wegnehmen",
  "kick.sure": "Wirklich? Für eine halbe Minute",
  "kick.done": "{name} hat das Steuer von {robot} abgegeben",
  "kick.refused": "Das Steuer wurde nicht weggenommen",
  "quiet": "Das Relay hat nicht geantwortet: Versuch es noch einmal",
  "stop": "ALLE STOPPEN",
  "stop.count": "{n} Roboter, sofort",
  "stop.waiting": "Noch nicht bestätigt: {names}",
  "stop.offline": "Noch nicht angekommen: keine Verbindung. Es wird gesendet, sobald es eine gibt",
  "stop.done": "Alle Roboter haben bestätigt: Sie sind gestoppt",
  "stop.owed": "Gestoppt. Nicht verbunden, wird bei der Rückkehr gestoppt: {names}",
  "stop.reset": "Ein Roboter wurde inzwischen freigegeben, darum wird nicht wiederholt. Nicht bestätigt: {names}",
  "stop.refused": "Das Stoppen aller wurde abgelehnt",
};

const ALL = { en, de };

/**
 * What the list says for a key in the language of now.
 * @param {Word} key
 * @param {import("./words.js").Values} [values]
 */
export function tell(key, values) {
  return word(ALL, key, values);
}
