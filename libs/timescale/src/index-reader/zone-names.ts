/** Zones that are indexed under another name than they are asked for by: `Asia/Calcutta` is `Asia/Kolkata`. */
export interface ZoneNames {
  /** The name that was found for a zone not long ago, else its own. */
  known(zone: string): string;
  /**
   * Looks for the name that a zone is indexed under.
   * @param tried there is no index of this name
   * @returns undefined where there is none of any
   */
  find(zone: string, tried: string): Promise<string | undefined>;
}

const REMEMBERED_MS = 60_000;
/** Letters of either case make as many names of a zone as somebody likes. */
const NAMES_MAX = 1_000;

/** @param indexedZones those whose index answers now */
export function createZoneNames(indexedZones: () => Promise<readonly string[]>): ZoneNames {
  const found = new Map<string, { name: string | undefined; untilMs: number }>();

  return {
    known(zone) {
      const entry = found.get(zone);
      return entry?.name !== undefined && entry.untilMs > performance.now() ? entry.name : zone;
    },
    async find(zone, tried) {
      const entry = found.get(zone);
      if (entry !== undefined && entry.name !== tried && entry.untilMs > performance.now()) return entry.name;
      const indexed = await indexedZones();
      const wanted = canonical(zone);
      const name = indexed.includes(zone) ? zone : indexed.find((other) => canonical(other) === wanted);
      if (found.size >= NAMES_MAX) found.clear();
      found.set(zone, { name, untilMs: performance.now() + REMEMBERED_MS });
      return name;
    },
  };
}

/** To be compared with others of this process only: which name of a zone it is depends on the version of Intl's data. */
function canonical(zone: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    // Indexed by a process whose Intl knows more zones.
    return zone;
  }
}
