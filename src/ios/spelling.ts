// How far a word may be from the word that is meant.

/** Commands are not case-sensitive. */
export function sameWord(found: string, wanted: string): boolean {
  return found.toLowerCase() === wanted.toLowerCase();
}

/** One letter too many, too few, wrong or exchanged with its neighbour; only in words of four letters and more. */
export function nearWord(found: string, wanted: string): boolean {
  if (sameWord(found, wanted)) return true;
  const [a, b] = [found.toLowerCase(), wanted.toLowerCase()];
  if (a.length < 4 || !/^[a-z-]+$/.test(a) || Math.abs(a.length - b.length) > 1) return false;
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  const [restA, restB] = [a.slice(same), b.slice(same)];
  if (restA.slice(1) === restB.slice(1)) return true;
  if (restA === restB.slice(1) || restA.slice(1) === restB) return true;
  return restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2);
}
