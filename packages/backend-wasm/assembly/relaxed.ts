/** Only modules that need exact relaxed dot products have this. */
export const relaxed: i32 = 1;
