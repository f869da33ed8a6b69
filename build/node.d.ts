/** The Node the product is made for, from the package `node`; else this one where it is new enough. */
export function findNode(): string | undefined;
