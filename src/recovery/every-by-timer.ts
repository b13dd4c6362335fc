/** Calls `work` again and again; the function returned ends it. */
export function everyByTimer(milliseconds: number, work: () => void): () => void {
  const timer = setInterval(work, milliseconds);
  return () => clearInterval(timer);
}
