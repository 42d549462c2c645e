#!/usr/bin/env node
// A file of its own, so that the rest is loaded by the loader of the built program (scripts/loader.cjs).
void import('./program.ts').then(({ main }) => main());
