/** A picture that the bundler writes into the code: there is no path that could break in an archive. */
declare module '*.png?inline' {
  const dataUrl: string;
  export default dataUrl;
}
