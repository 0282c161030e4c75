import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, arrival, band, clock, day, distance, duration, moment, money, agreedWindow, timeWindow, type Region } from "../src/lib/format.ts";

const britain: Region = { locale: "en-GB", timeZone: "UTC" };
const america: Region = { locale: "en-US", timeZone: "UTC" };
const germany: Region = { locale: "de-DE", timeZone: "UTC" };
const NOON = Date.UTC(2026, 10, 20, 12, 0, 0); // a Friday
const MIN = 60_000;

test("an age is said as people say it", () => {
  assert.equal(ago(NOON, NOON, britain), "just now");
  assert.equal(ago(NOON - 40_000, NOON, britain), "40 s ago");
  assert.equal(ago(NOON - 2 * MIN - 59_000, NOON, britain), "2 min ago");
  assert.equal(ago(NOON - 65 * MIN, NOON, britain), "1 h 5 min ago");
  assert.equal(ago(NOON - 120 * MIN, NOON, britain), "2 h ago");
  assert.match(ago(NOON - 26 * 60 * MIN, NOON, britain), /^Thu,? 19 Nov, 10:00$/);
});

test("a moment in the future, from a clock that runs ahead, is just now", () => {
  assert.equal(ago(NOON + 5_000, NOON, britain), "just now");
});

test("the clock follows the locale", () => {
  assert.equal(clock(NOON - 175 * MIN, britain), "09:05");
  assert.match(clock(NOON + 152 * MIN, america), /^2:32\sPM$/);
});

test("near days have names", () => {
  assert.equal(day(NOON + MIN, NOON, britain), "today");
  assert.equal(day(NOON + 24 * 60 * MIN, NOON, britain), "tomorrow");
  assert.equal(timeWindow(NOON + 2 * 60 * MIN, NOON + 4 * 60 * MIN, NOON, britain), "today, 14:00–16:00");
  assert.equal(timeWindow(NOON + 11 * 60 * MIN, NOON + 13 * 60 * MIN, NOON, britain), "today, 23:00 – tomorrow, 01:00");
});

test("a window is told as it was agreed on, with the zone's name where the reader's clock is another", () => {
  const window = (zone: string | null): string => agreedWindow(NOON, NOON + 120 * MIN, NOON, america, zone);
  assert.equal(window("America/New_York"), "today, 7:00 AM–9:00 AM (EST)");
  assert.equal(window("Asia/Tokyo"), "today, 9:00 PM–11:00 PM (GMT+9)");
  assert.equal(window("Africa/Accra"), "today, 12:00 PM–2:00 PM"); // the same clock
  assert.equal(window(null), "today, 12:00 PM–2:00 PM");
  assert.equal(window("Mars/Olympus"), "today, 12:00 PM–2:00 PM"); // newer than this browser
});

test("a band is rounded outwards and never promises an arrival in zero minutes", () => {
  assert.equal(band(8 * 60, 10 * 60, 11.2 * 60, britain), "8–12 min");
  assert.equal(band(20, 65, 110, britain), "1–2 min");
  assert.equal(band(5, 20, 40, britain), "less than a minute");
  assert.equal(band(300, 300, 300, britain), "5 min");
  assert.equal(band(4000, 5000, 6000, britain), "about 1 h 25 min");
});

test("a band whose estimate lies outside it is widened to hold it", () => {
  assert.equal(band(300, 900, 600, britain), "5–15 min");
});

test("an estimate runs down with its age and stops at zero", () => {
  const eta = { seconds: 600, low: 480, high: 720, distance_m: 4000, source: "geodesic" };
  assert.deepEqual(arrival(eta, 0, NOON, britain), { band: "8–12 min", at_ms: NOON + 10 * MIN });
  assert.deepEqual(arrival(eta, 120, NOON, britain), { band: "6–10 min", at_ms: NOON + 8 * MIN });
  assert.deepEqual(arrival(eta, 3_600, NOON, britain), { band: "less than a minute", at_ms: NOON });
  assert.deepEqual(arrival(eta, -50, NOON, britain), { band: "8–12 min", at_ms: NOON + 10 * MIN });
});

test("distances are in miles only where roads are signed in miles", () => {
  assert.equal(distance(3_862, britain), "2.4 mi");
  assert.equal(distance(350, germany), "350 m");
  assert.equal(distance(3_240, germany), "3,2 km");
  assert.equal(distance(960, germany), "1,0 km");
  assert.equal(distance(3, germany), "10 m");
  assert.equal(distance(3, { locale: "not a locale" }), "10 m");
});

test("the words among the numbers are Spanish for who reads Spanish", () => {
  const mexico: Region = { locale: "es-MX", timeZone: "UTC" };
  assert.equal(ago(NOON, NOON, mexico), "ahora mismo");
  assert.equal(ago(NOON - 65 * MIN, NOON, mexico), "hace 1 h 5 min");
  assert.match(timeWindow(NOON, NOON + 60 * MIN, NOON - 24 * 60 * MIN, mexico), /^mañana, 12:00/);
  assert.equal(band(5, 20, 40, mexico), "menos de un minuto");
  assert.equal(band(4000, 5000, 6000, mexico), "unos 1 h 25 min");
  assert.equal(distance(3_240, { locale: "es-ES" }), "3,2 km");
});

test("a moment has its day and its time", () => {
  assert.equal(moment(NOON, britain), "20 Nov, 12:00");
});

test("money has the currency it is in, however it is spelled", () => {
  assert.equal(money(12_905, britain, "gbp"), "£129.05");
  assert.equal(money(-500, america, "USD"), "-$5.00");
});

test("money is cents", () => {
  assert.equal(money(12_905, america), "$129.05");
});

test("how long something has lasted is said in minutes, hours and days", () => {
  const minute = 60_000;
  assert.equal(duration(10_000), "1 min");
  assert.equal(duration(59 * minute), "59 min");
  assert.equal(duration(125 * minute), "2 h 5 min");
  assert.equal(duration(24 * 60 * minute), "1 d");
  assert.equal(duration(76 * 60 * minute + minute), "3 d 4 h");
});
