// How long a text is for the server, which counts bytes; people are told characters.

const bytes = (character: string): number => {
  const point = character.codePointAt(0)!;
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
};

/** How many characters at its end a text has past a number of bytes of UTF-8; 0 when it fits. */
export function past(text: string, most: number): number {
  if (text.length * 3 <= most) return 0;
  let [size, over] = [0, 0];
  for (const character of text) {
    size += bytes(character);
    if (size > most) over++;
  }
  return over;
}
