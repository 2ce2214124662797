/** Puts an event's properties together; the first to take a name keeps it, so what the event said itself comes first. */
export interface PropertiesBuilder {
  /** Leaves out what says nothing: undefined, null, '', {} and []. */
  add(name: string, value: unknown): void;
  addAll(values: Readonly<Record<string, unknown>>, o?: { except?: ReadonlySet<string> }): void;
  build(): Record<string, unknown>;
}

/** A map, for a property may be called `__proto__`. */
export function createProperties(): PropertiesBuilder {
  const properties = new Map<string, unknown>();
  return {
    add(name, value) {
      if (!saysNothing(value) && !properties.has(name)) properties.set(name, value);
    },
    addAll(values, { except } = {}) {
      for (const [name, value] of Object.entries(values)) {
        if (except?.has(name) !== true && !properties.has(name)) properties.set(name, value);
      }
    },
    build: () => Object.fromEntries(properties),
  };
}

function saysNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
