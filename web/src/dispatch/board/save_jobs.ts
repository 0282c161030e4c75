import { serverNow } from "../../lib/clock.ts";
import type { Http } from "../../lib/http.ts";
import { saveFile } from "../../lib/save_file.ts";
import { ACTIVE } from "../card.ts";
import { board as words } from "../words/board.ts";
import { dayOf, endedWanted, queryOf, statusesOf, type Filter } from "./filter.ts";

/**
 * Saves the jobs that a filter finds as a CSV file: all of them, however many are on the screen. It is named after
 * the day that it is in `time_zone`. @throws HttpProblem
 */
export async function saveJobs(http: Http, filter: Filter, time_zone: string): Promise<void> {
  const chosen = statusesOf(filter);
  const query = queryOf(filter, chosen.length > 0 ? chosen : [...ACTIVE, ...endedWanted(filter)]);
  query.set("format", "csv");
  saveFile(await http.file(`api/dispatch/board?${query.toString()}`), words.file(dayOf(serverNow(), time_zone)));
}
