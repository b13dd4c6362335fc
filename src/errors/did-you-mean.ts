/** The word that a mistyped one was meant to be, for messages. */

/** `Did you mean "power"?`, with a space before it, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return meant === undefined ? '' : ` Did you mean "${meant}"?`;
}

/** The known word nearest to a mistyped one, when it is near enough to be meant. */
function nearest(word: string, known: readonly string[]): string | undefined {
  const short = word.toLowerCase().slice(0, 40);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(short.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(short, candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Edits that make one word of the other: a letter more, fewer or changed, or two neighbours exchanged. */
function editDistance(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const changed = Number(row[j - 1]) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const exchanged = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const least = Math.min(changed, Number(row[j]) + 1, Number(next[j - 1]) + 1);
      next.push(exchanged ? Math.min(least, Number(before[j - 2]) + 1) : least);
    }
    [before, row] = [row, next];
  }
  return Number(row.at(-1));
}
