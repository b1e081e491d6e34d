/** What each module that belongs to this code says in its section `halftone`; made by scripts/build.mjs. */
export declare const stamp: string;
