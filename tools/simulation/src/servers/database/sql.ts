import type { Sql } from '@event-analytics/timescale';
import type { StatementText } from './statements.js';

/** What a tagged template returns: a fragment of another, or sent once it is awaited, as the driver does it. */
class Query implements PromiseLike<unknown> {
  constructor(
    private readonly template: readonly string[],
    private readonly parameters: readonly unknown[],
    private readonly send: (statement: StatementText) => Promise<unknown>,
  ) {}

  then<A = unknown, B = never>(
    onFulfilled?: ((value: unknown) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const statement: StatementText = { text: '', parameters: [] };
    this.addTo(statement);
    return this.send(statement).then(onFulfilled, onRejected);
  }

  private addTo(statement: StatementText): void {
    this.template.forEach((piece, at) => {
      statement.text += piece;
      if (at === this.parameters.length) return;
      const parameter = this.parameters[at];
      if (parameter instanceof Query) return parameter.addTo(statement);
      statement.parameters.push(parameter);
      statement.text += `$${statement.parameters.length}`;
    });
  }
}

/** The tagged template of a connection that sends statements by `send`. */
export function createSql(send: (statement: StatementText) => Promise<unknown>): Sql {
  const tag = (template: readonly string[], ...parameters: unknown[]) =>
    new Query(template, parameters, send);
  const unsafe = (text: string) => new Query([text], [], send);
  return Object.assign(tag, { unsafe }) as unknown as Sql;
}
