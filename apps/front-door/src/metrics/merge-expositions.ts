interface Family {
  help?: string;
  type?: string;
  samples: string[];
}

/**
 * Joins Prometheus expositions (text format 0.0.4) into one in which each metric family stands once,
 * with the samples of all. Help and type are the first one's; the samples tell their origin by
 * their own labels.
 */
export function mergeExpositions(texts: readonly string[]): string {
  const families = new Map<string, Family>();
  const family = (name: string): Family => {
    const known = families.get(name);
    if (known) return known;
    const created: Family = { samples: [] };
    families.set(name, created);
    return created;
  };

  for (const text of texts) {
    let current = '';
    for (const line of text.split('\n')) {
      const [, keyword, name, rest] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
      if (name !== undefined) {
        current = name;
        if (keyword === 'HELP') family(name).help ??= rest ?? '';
        else family(name).type ??= rest ?? 'untyped';
      } else if (line !== '' && !line.startsWith('#')) {
        family(ownerOf(line, current)).samples.push(line);
      }
    }
  }
  return [...families].map(([name, each]) => render(name, each)).join('');
}

/** A histogram's samples carry endings: name_bucket, name_sum, name_count. */
function ownerOf(sample: string, current: string): string {
  const name = /^[^\s{]+/.exec(sample)?.[0] ?? '';
  const belongs =
    current !== '' && name.startsWith(current) && /^(|_bucket|_sum|_count)$/.test(name.slice(current.length));
  return belongs ? current : name;
}

function render(name: string, { help, type, samples }: Family): string {
  const lines = [
    ...(help === undefined ? [] : [`# HELP ${name} ${help}`]),
    ...(type === undefined ? [] : [`# TYPE ${name} ${type}`]),
    ...samples,
  ];
  return `${lines.join('\n')}\n`;
}
