// Writes figures into BENCHMARKS.md, between its two marks: node bench/publish.mjs [speed.json …]
//
// Without files it takes what `make bench` has written. Of several, a table of a later one replaces that of an earlier one: so one
// measure can be done again alone. Figures of different commits or machines do not go together, and are refused.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const files = process.argv.slice(2);
if (files.length === 0) files.push(here("../target/bench/speed.json"));
const runs = files.map((file) => JSON.parse(readFileSync(file, "utf8")));
const DOCUMENT = here("../BENCHMARKS.md");
const MARKS = ["<!-- figures, written by bench/publish.mjs -->", "<!-- end of figures -->"];

const known = ["cpu", "cpus", "memory", "kernel", "rustc", "node", "joywire", "commit"];
for (const { machine } of runs) {
  const other = known.filter((key) => machine[key] !== runs[0].machine[key]);
  if (other.length > 0) {
    console.error(`these files do not go together: ${other.map((key) => `${key} is ${runs[0].machine[key]} and ${machine[key]}`).join(", ")}`);
    process.exit(1);
  }
}

const tables = new Map();
const goals = new Map();
for (const run of runs) {
  for (const table of new Set(run.figures.map((figure) => figure.table))) {
    const figures = run.figures.filter((figure) => figure.table === table);
    tables.set(table, { figures, notes: run.notes[table] ?? [], rounds: Math.max(...figures.map(({ rounds }) => rounds.length)) });
  }
  for (const goal of run.goals) goals.set(`${goal.figure} ${goal.goal}`, goal);
}

const text = [about(runs[0].machine, runs.map((run) => run.machine.date)), judged([...goals.values()]), ...[...tables].map(drawn)].join("\n");
const document = readFileSync(DOCUMENT, "utf8");
const [from, to] = MARKS.map((mark) => document.indexOf(mark));
if (from < 0 || to < from) throw new Error(`BENCHMARKS.md has lost its marks: ${MARKS.join(" and ")}`);
writeFileSync(DOCUMENT, `${document.slice(0, from + MARKS[0].length)}\n\n${text}\n${document.slice(to)}`);

function about(machine, dates) {
  const days = [...new Set(dates)].join(" and ");
  const memory = `${Math.round(Number.parseInt(machine.memory, 10) / 1e6)} GB`;
  return (
    `Machine: ${machine.cpus} × ${machine.cpu} (virtual), ${memory}, ${machine.kernel}; ${machine.rustc}, Node.js ${machine.node}; ` +
    `Joywire ${machine.joywire}, commit ${machine.commit}; ${days}.\n`
  );
}

function judged(all) {
  const rows = all.map(({ figure, goal, found, met }) => `| ${figure} | ${goal} | ${digits(found)} | ${met ? "met" : "**missed**"} |`);
  return `### Goals\n\n| figure | goal | found | |\n| --- | --- | ---: | --- |\n${rows.join("\n")}\n`;
}

function drawn([table, { figures, notes, rounds }]) {
  const [rows, columns] = ["row", "column"].map((key) => [...new Set(figures.map((figure) => figure[key]))]);
  const cell = (row, column) => {
    const figure = figures.find((one) => one.row === row && one.column === column);
    if (!figure || figure.median === null) return "";
    const { median, low, high } = figure;
    return low === high ? digits(median) : `${digits(median)} (${digits(low)}–${digits(high)})`;
  };
  const lines = rows.map((row) => `| ${row} | ${columns.map((column) => cell(row, column)).join(" | ")} |`);
  const head = `| | ${columns.join(" | ")} |\n| --- |${" ---: |".repeat(columns.length)}`;
  const counted = rounds > 1 ? `${rounds} rounds. ` : "One round. ";
  return `### ${table[0].toUpperCase()}${table.slice(1)}\n\n${head}\n${lines.join("\n")}\n\n${counted}${notes.join("\n\n")}\n`;
}

/** Three digits that count, or whole numbers. */
function digits(value) {
  const size = Math.abs(value);
  if (size >= 10_000) return Math.round(value).toLocaleString("en");
  if (size >= 100 || size === 0) return value.toFixed(0);
  return value.toPrecision(size >= 1 ? 3 : Math.max(1, 4 + Math.floor(Math.log10(size)))).replace(/\.0+$/, "");
}
