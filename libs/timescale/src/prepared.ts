import type { Sql } from './database.js';

/** What a parameter may be; arrays are passed as text. */
export type Parameter = string | number;

/** A part of a statement, put together once and for all; its parameters come from what is asked. */
export interface Part<Asked> {
  texts: readonly string[];
  /** Between the texts. */
  parameters: readonly ((asked: Asked) => Parameter)[];
}

/**
 * A part from a template whose holes are other parts, or functions from what is asked to a parameter. For statements that
 * are asked for many times a second: fragments of the driver's own are put together anew each time, of promises.
 */
export function part<Asked>(
  template: TemplateStringsArray,
  ...holes: (Part<Asked> | ((asked: Asked) => Parameter))[]
): Part<Asked> {
  const texts = [template[0] ?? ''];
  const parameters: Part<Asked>['parameters'][number][] = [];
  const goOn = (text = ''): void => void texts.push((texts.pop() ?? '') + text);
  holes.forEach((hole, i) => {
    if (typeof hole === 'function') {
      parameters.push(hole);
      texts.push('');
    } else {
      const [first, ...others] = hole.texts;
      goOn(first);
      texts.push(...others);
      parameters.push(...hole.parameters);
    }
    goOn(template[i + 1]);
  });
  return { texts, parameters };
}

/** The same part for a larger question, one of whose members is what the part asks. */
export function asking<Whole, Asked>(
  { texts, parameters }: Part<Asked>,
  member: (whole: Whole) => Asked,
): Part<Whole> {
  return { texts, parameters: parameters.map((parameter) => (whole: Whole) => parameter(member(whole))) };
}

/**
 * The statement that a part is, the server's to remember where it has a parameter. It answers with rows of values, in the
 * order of its columns.
 */
export function prepared<Asked, Row extends readonly unknown[]>({
  texts,
  parameters,
}: Part<Asked>): (sql: Sql, asked: Asked) => PromiseLike<Row[]> {
  const text = texts.map((piece, i) => (i === 0 ? piece : `$${String(i)}${piece}`)).join('');
  return (sql, asked) =>
    sql.prepared<Row>(
      text,
      parameters.map((parameter) => parameter(asked)),
    );
}
