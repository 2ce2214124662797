/**
 * Takes `a,b,c` apart. A comma within a step is written `\,` and a backslash `\\`; nothing is trimmed.
 * Undefined where a backslash stands before anything else.
 */
export function parseStepList(text: string): string[] | undefined {
  const steps: string[] = [];
  let step = '';
  // A comma, an escape (of anything, so that a wrong one is seen), or a run of neither.
  for (const [piece] of text.matchAll(/,|\\.?|[^,\\]+/gsu)) {
    if (piece === ',') {
      steps.push(step);
      step = '';
    } else if (!piece.startsWith('\\')) step += piece;
    else if (piece === '\\,' || piece === '\\\\') step += piece.slice(1);
    else return undefined;
  }
  return [...steps, step];
}
