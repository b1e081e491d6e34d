// Checks data from outside against a description, and names the place of what does not fit.

/** Throws an Error whose message begins with the place of what is wrong. */
export type Shape = (value: unknown, place: string) => void;

function wrong(place: string, what: string): never {
  throw new TypeError(`${place}: ${what}`);
}

/** A number in a range, ends included; never NaN, never infinite. */
export function number(least: number = -Infinity, most: number = Infinity): Shape {
  return (value, place) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) wrong(place, 'a number is needed');
    if (value < least || value > most) wrong(place, `${value} is not within ${least} and ${most}`);
  };
}

/** Text of at most so many characters. */
export function text(most = 10_000): Shape {
  return (value, place) => {
    if (typeof value !== 'string') wrong(place, 'a string is needed');
    if (value.length > most) wrong(place, `a string of ${value.length} characters is too long`);
  };
}

export const boolean: Shape = (value, place) => {
  if (typeof value !== 'boolean') wrong(place, 'true or false is needed');
};

export function oneOf(...choices: readonly string[]): Shape {
  return (value, place) => {
    if (typeof value !== 'string' || !choices.includes(value))
      wrong(place, `one of ${choices.join(', ')} is needed`);
  };
}

export function list(item: Shape, most = 100_000): Shape {
  return (value, place) => {
    if (!Array.isArray(value)) wrong(place, 'an array is needed');
    if (value.length > most) wrong(place, `${value.length} entries are too many`);
    value.forEach((entry, i) => item(entry, `${place}[${i}]`));
  };
}

/** An object whose members are nobody's business. */
export const anyObject: Shape = (value, place) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    wrong(place, 'an object is needed');
};

/** An object with these members; a name with `?` at its end may be missing. Others are left alone. */
export function object(members: Readonly<Record<string, Shape>>): Shape {
  return (value, place) => {
    anyObject(value, place);
    for (const [key, shape] of Object.entries(members)) {
      const name = key.replace(/\?$/, '');
      if (Object.hasOwn(value as object, name))
        shape((value as Record<string, unknown>)[name], place === '' ? name : `${place}.${name}`);
      else if (name === key) wrong(place === '' ? name : `${place}.${name}`, 'is missing');
    }
  };
}

/** The shape that a member chooses. */
export function byMember(name: string, shapes: Readonly<Record<string, Shape>>): Shape {
  return (value, place) => {
    anyObject(value, place);
    const chosen = (value as Record<string, unknown>)[name];
    oneOf(...Object.keys(shapes))(chosen, `${place}.${name}`);
    shapes[chosen as string]!(value, place);
  };
}
