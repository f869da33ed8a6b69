/** First letters of the first and the last word, in any script: "Ada L." -> "AL", "ada" -> "A". */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => /\p{L}|\p{N}/u.test(word));
  const letters = words.map((word) => [...word].find((letter) => /\p{L}|\p{N}/u.test(letter)) ?? '');
  return [letters[0] ?? '?', ...(letters.length > 1 ? [letters.at(-1) ?? ''] : [])].join('').toUpperCase();
}
