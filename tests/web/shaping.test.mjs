// The same hands give the same stick in the page and in the program.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { shape, styled, ZONES } from "../../web/shaping.js";

const cases = JSON.parse(readFileSync(new URL("../shaping.json", import.meta.url), "utf8"));

/** Goal: whoever changes from the pad at the robot to the pad at the browser drives the same. */
test("page and program shape alike", () => {
  assert.ok(cases.length >= 40);
  for (const one of cases) {
    const { x, y, strafe } = styled(one.style, shape(one.left, one), shape(one.right, one));
    for (const [got, wanted] of [[x, one.stick[0]], [y, one.stick[1]], [strafe, one.stick[2]]]) {
      assert.ok(Math.abs(got - wanted) < 1e-6, `${JSON.stringify(one)}: ${x} ${y} ${strafe}`);
    }
  }
  for (const style of ["arcade", "tank", "curvature", "strafe"]) assert.ok(cases.some((one) => one.style === style), style);
});

/** Goal: what holds without a word is the program's own default. */
test("the zones are the program's", () => {
  const rust = readFileSync(new URL("../../src/drive/shaping.rs", import.meta.url), "utf8");
  const text = /Self \{ (dead_zone[^}]*) \}/.exec(rust)[1];
  const theirs = Object.fromEntries(text.split(",").map((pair) => pair.split(":").map((word) => word.trim())).map(([key, value]) => [key, Number(value)]));
  assert.deepEqual(ZONES, theirs);
});

/** Goal: a broken driver moves nothing, and nothing passes full. */
test("what is no number is the centre", () => {
  assert.deepEqual(shape([NaN, NaN]), [0, 0]);
  assert.deepEqual(shape([0, Infinity]), [0, 1]);
  for (let angle = 0; angle < 6.3; angle += 0.1) {
    const [x, y] = shape([Math.cos(angle) * 1.4, Math.sin(angle) * 1.4]);
    assert.ok(Math.hypot(x, y) <= 1 + 1e-12);
  }
});
