// Every number of the guide has a test, every removal names one, and the table in docs is the one that the tests give.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { namedTests } from "./named-tests.js";
import { GUIDE } from "./numbers.js";
import { guideTable, type Removal } from "./table.js";

const tests = namedTests();
const FOLDER = new URL("./removals/", import.meta.url);
const removals: Removal[] = readdirSync(FOLDER)
  .sort()
  .flatMap((file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")));

it("every number has a test, or a reason why it cannot have one", () => {
  const missing = GUIDE.filter(
    ({ number, fact }) => fact === undefined && !tests.some((named) => named.number === number),
  );
  expect(missing.map(({ number, title }) => `${number} ${title}`)).toEqual([]);
});

it("no test is for a number that the guide does not have, none for one that only states a fact", () => {
  const testable = new Set(GUIDE.filter(({ fact }) => fact === undefined).map(({ number }) => number));
  expect(tests.filter(({ number }) => !testable.has(number))).toEqual([]);
});

it("every number with a test has a removal that still fits the source", () => {
  for (const { number, file, from, to } of removals) {
    expect(existsSync(file), `number ${number}: ${file}`).toBe(true);
    const found = readFileSync(file, "utf8").split(from).length - 1;
    expect(found, `number ${number}: "${from}" in ${file}`).toBe(1);
    expect(from).not.toBe(to);
  }
  const without = GUIDE.filter(
    ({ number, fact }) => fact === undefined && !removals.some((removal) => removal.number === number),
  );
  expect(without.map(({ number }) => number)).toEqual([]);
});

it("docs/guide.md is the table of these tests", async () => {
  await expect(guideTable(tests, removals)).toMatchFileSnapshot("../../docs/guide.md");
});
