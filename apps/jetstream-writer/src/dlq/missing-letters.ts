import type { Shelf } from './shelf.js';

export function neverMade({ names }: Pick<Shelf, 'names'>): string {
  return `no dead letters: the stream ${names.deadLetterStream} was never made, so nothing was ever put there`;
}

export function noSuchLetter(sequence: number): string {
  return `there is no dead letter ${String(sequence)}: it was never there, or was replayed or dropped`;
}
