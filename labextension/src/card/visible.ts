const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu;
const REPLACEMENT = '\u{FFFD}';

/** Others' text with control, zero-width and text-direction characters replaced, so that it reads as it is. */
export function visible(text: string): string {
  return text.replaceAll(HIDDEN, found => (found === '\n' || found === '\t' ? found : REPLACEMENT));
}
