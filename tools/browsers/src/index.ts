export { askPage, type Question } from './ask-page.ts';
export { type Browser, findChromium, findFirefox } from './find.ts';
export { type OpenPage, openPage } from './open-page.ts';
export { serve, type Served, type ServeOptions } from './serve.ts';
