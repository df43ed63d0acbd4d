// What calibration knows of the motors: the same numbers as in the terminal.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Findings } from "../../web/findings.js";

const fresh = (count) => new Findings(Array.from({ length: count }, () => ({ inverted: false, trim: 1, dead_band: 0 })));

/** Goal: a motor that turned backward is told the other way from then on, also if it was found so before. */
test("directions are found from where they are", () => {
  const findings = fresh(4);
  findings.setInverted(2, true);
  assert.deepEqual(findings.alone(2, 300), [0, 0, -300, 0]);
  findings.setInverted(2, false);
  assert.ok(findings.motors[2].inverted);
  findings.setInverted(2, true);
  assert.ok(!findings.motors[2].inverted);
});

/** Goal: whichever side is too fast is slowed, never both, and never below what the configuration takes. */
test("only the faster side is slowed", () => {
  const findings = fresh(2);
  for (const side of ["right", "right", "left"]) findings.slow(side);
  assert.deepEqual(findings.trims, [1, 0.98]);
  findings.slow("left");
  findings.slow("left");
  assert.deepEqual(findings.trims, [0.98, 1]);
  for (let run = 0; run < 100; run += 1) findings.slow("left");
  assert.deepEqual(findings.trims, [0.5, 1]);
});

/** Goal: the wheels of a side are slowed together. */
test("four motors are two sides", () => {
  const findings = fresh(4);
  findings.slow("right");
  assert.deepEqual(findings.trims, [1, 0.98, 1, 0.98]);
  findings.forgetTrim();
  assert.deepEqual(findings.trims, [1, 1, 1, 1]);
});

/** Goal: what is told for going straight has everything in it that was found, and no more than the bench takes. */
test("ahead uses what was found", () => {
  const findings = fresh(2);
  findings.setInverted(1, true);
  findings.setDeadBand(0, 100);
  assert.deepEqual(findings.ahead(300), [370, -300, 0, 0]);
  findings.setTrims([0.9, 1]);
  assert.equal(findings.ahead(300)[0], 340);
  findings.forgetTrim();
  findings.setDeadBand(0, 200);
  findings.setDeadBand(1, 300);
  // Both at the same speed, as fast as the second is not cut short at.
  assert.deepEqual(findings.ahead(300), [314, -400, 0, 0]);
  findings.setDeadBand(1, 400);
  const [left, right] = findings.ahead(300);
  assert.ok(left > 200 && right >= -401, "they turn, however slowly");
});

/** Goal: what is in force stays as it was until something is written. */
test("findings are a copy", () => {
  const before = [{ inverted: true, trim: 0.9, dead_band: 80 }, { inverted: false, trim: 1, dead_band: 0 }];
  const findings = new Findings(before);
  findings.setInverted(0, true);
  findings.setDeadBand(1, 500);
  assert.deepEqual(before[0], { inverted: true, trim: 0.9, dead_band: 80 });
  assert.deepEqual(findings.motors[0], { inverted: false, trim: 0.9, dead_band: 80 });
  assert.equal(findings.motors[1].dead_band, 400);
});
