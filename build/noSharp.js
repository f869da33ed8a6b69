/** Stands in for the image library that the tokenizer library imports and that a text model never calls. */
export default function noSharp() {
  throw new Error('Images are not supported.');
}
