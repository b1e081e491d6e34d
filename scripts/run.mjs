// Written so that old Node versions still parse it: the version message below is the reason that it exists.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error('Halftone needs Node.js 20.19 or newer; this is ' + process.versions.node + '.');
  process.exitCode = 1;
} else {
  void import('./lib/commands.mjs').then((commands) => commands.main(process.argv.slice(2)));
}
