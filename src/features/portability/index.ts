/**
 * How accounts come from other systems and leave for them: one user per line, with all by which they sign in. An import
 * takes a user wholly or not at all, tells each fault with its line, and may be repeated. An export is encrypted, line
 * by line, to a key whose private part the gateway never sees. The commands `import` and `export` call it.
 */
export * from './exports.service';
export * from './import-report';
export * from './imports.service';
export * from './recipient';
