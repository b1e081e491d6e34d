// The backend, after the script of gpu.js that a page without a bundler has.
await new Promise((done, failed) => {
  const script = document.createElement('script');
  script.src = '/backend-gpujs/node_modules/gpu.js/dist/gpu-browser.min.js';
  script.onload = done;
  script.onerror = () => failed(new Error(`${script.src} does not load`));
  document.head.append(script);
});

export { default } from '../../dist/index.js';
