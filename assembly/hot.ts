// The hot cache: what is derived from an SA's keys and worth keeping. CLOCK eviction.
import { SA_HOT } from "./layout";

/** The hot entry of the SA at `sa`, filled on a miss. Valid until the next call of hotFor. */
export function hotFor(sa: usize): usize {
  return load<u32>(sa, SA_HOT); // filled in by the schedule's author
}
